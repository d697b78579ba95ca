//! Tables, CSV and templates.

use docker_ovs_report::{Cells, Column, Format, Stream, View, render, v1, views};
use serde::Serialize;

use super::{FULL, HOSTILE, attachments};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    name: &'static str,
    number: Option<u16>,
}

const NAME: Column<Row> = ("NAME", |row| row.name.to_owned());
const NUMBER: Column<Row> =
    ("NUMBER", |row| row.number.map(|number| number.to_string()).unwrap_or_default());
const VIEW: View<Row> = View { table: &[NAME, NUMBER], csv: &[NAME, NUMBER] };

const ROWS: [Row; 4] = [
    Row { name: "br0", number: Some(1) },
    Row { name: "名", number: Some(2) },
    Row { name: "e\u{301}t\u{e9}", number: None },
    Row { name: "a,\"b\"\n\u{1b}[31m", number: Some(65534) },
];

fn shown(format: &str, rows: &[Row]) -> String {
    render(&format.parse().unwrap(), &VIEW, rows).unwrap()
}

#[test]
fn columns_line_up_whatever_the_letters_are() {
    let table = shown("table", &ROWS[..3]);
    assert_eq!(table, "NAME   NUMBER\nbr0    1\n名     2\ne\u{301}t\u{e9}\n");
}

#[test]
fn columns_of_a_template_line_up_too() {
    let table = shown("table {{.Name}}\t{{.Number}}", &ROWS[..2]);
    assert_eq!(table, "NAME   NUMBER\nbr0    1\n名     2\n");
}

#[test]
fn no_control_character_reaches_a_terminal() {
    for format in ["table", "csv"] {
        let text = shown(format, &ROWS[3..]);
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert_eq!(text.lines().count(), if format == "table" { 2 } else { 1 });
    }
}

#[test]
fn csv_quotes_what_would_be_misread() {
    assert_eq!(shown("csv", &ROWS[..3]), "br0,1\n名,2\ne\u{301}t\u{e9},\n");
    assert_eq!(shown("csv", &ROWS[3..]), "\"a,\"\"b\"\"\\u{a}\\u{1b}[31m\",65534\n");
}

#[test]
fn json_has_one_object_a_line() {
    let text = shown("json", &ROWS[..1]);
    assert_eq!(text, "{\"Name\":\"br0\",\"Number\":1}\n");
}

#[test]
fn a_template_takes_null_for_empty_and_has_dockers_functions() {
    assert_eq!(shown("{{.Name}}={{.Number}}", &ROWS[1..3]), "名=2\ne\u{301}t\u{e9}=\n");
    assert_eq!(shown("{{upper .Name}}", &ROWS[..1]), "BR0\n");
    assert_eq!(shown("{{json .Number}}\\t{{.Name}}", &ROWS[..1]), "1\tbr0\n");
    let addresses: Format = "{{.Interface}} {{join .Addresses \"+\"}}".parse().unwrap();
    let text = render(&addresses, &views::PORT, &attachments(FULL)).unwrap();
    assert!(text.contains("eth0 172.31.1.1/24\n"), "{text}");
}

#[test]
fn a_bad_format_is_refused_before_anything_is_asked() {
    for bad in ["yaml", "{{", "table {{.Name"] {
        assert!(bad.parse::<Format>().is_err(), "{bad}");
    }
    for (nowhere, row) in
        [("{{.Nope}}", false), ("{{.OFPort}}", true), ("{{pad .OFPort 1 1}}", true)]
    {
        let format: Format = nowhere.parse().unwrap();
        assert_eq!(format.check::<v1::Attachment>().is_ok(), row, "{nowhere}");
    }
    for unknown in ["{{sprig .Name}}", "{{if true}}{{$x}}{{end}}", "table {{pad .Name}}"] {
        assert!(unknown.parse::<Format>().is_err(), "{unknown}");
    }
    let missing = render(&"{{.Nmae}}".parse().unwrap(), &VIEW, &ROWS).unwrap_err();
    assert!(missing.to_string().contains("{{.Nmae}}"), "{missing}");
}

#[test]
fn the_2014_scripts_line_has_interface_number_and_mac() {
    let rows = attachments(FULL);
    let ours: Vec<_> = rows.into_iter().filter(|row| row.container == "firewall_ext").collect();
    let text = render(&Format::Csv, &views::PORT_ON_BRIDGE, &ours).unwrap();
    assert_eq!(text, "eth0,3,9a:69:12:bc:3d:1d\n");
}

#[test]
fn an_orphaned_port_is_told_by_that_word() {
    let orphaned = |row: &v1::Attachment| row.state == v1::State::Orphaned;
    let rows: Vec<_> = attachments(FULL).into_iter().filter(orphaned).collect();
    let json = render(&Format::Json, &views::LIST_ALL, &rows).unwrap();
    assert!(json.contains("\"State\":\"orphaned\""), "{json}");
    assert!(json.contains("\"Ifindex\":null") && json.contains("\"Wire\":null"), "{json}");
}

#[test]
fn hostile_names_stay_in_their_cells() {
    let rows = attachments(HOSTILE);
    for format in [Format::Table, Format::Csv] {
        let text = render(&format, &views::LIST, &rows).unwrap();
        let header = usize::from(format == Format::Table);
        assert_eq!(text.lines().count(), rows.len() + header, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }
}

#[test]
fn a_table_that_goes_on_has_one_header() {
    for format in ["table", "table {{.Name}}\t{{.Number}}"] {
        let format = format.parse().unwrap();
        let mut stream = Stream::new(&format, Cells::no_trunc(false), &VIEW);
        let mut more = |rows: &[Row]| stream.more(rows).unwrap();
        assert_eq!(more(&[]), "");
        assert_eq!(more(&ROWS[..1]), "NAME   NUMBER\nbr0    1\n");
        assert_eq!(more(&[]), "");
        assert_eq!(more(&ROWS[1..2]), "名     2\n");
    }
    let csv = Format::Csv;
    let mut stream = Stream::new(&csv, Cells::no_trunc(false), &VIEW);
    assert_eq!(
        stream.more(&ROWS[..1]).unwrap() + &stream.more(&ROWS[..1]).unwrap(),
        "br0,1\nbr0,1\n"
    );
}

#[test]
fn a_format_is_written_as_docker_has_it() {
    let table: Format = "table {{.Name}}".parse().unwrap();
    assert_eq!("table{{.Name}}".parse::<Format>(), Ok(table));
    assert_eq!("".parse::<Format>(), Ok(Format::Table));
}

#[test]
fn the_header_of_a_template_is_what_its_columns_are_of() {
    let table =
        shown("table {{.Name|lower}}\t{{if .Number}}{{.Number}}{{else}}-{{end}}", &ROWS[..1]);
    assert_eq!(table, "NAME   NUMBER\nbr0    1\n");
}
