//! Docker's `--format TEMPLATE`: Go templates over the v1 row.

mod fields;
mod functions;
mod header;
mod json;

use std::sync::{Arc, Mutex, PoisonError};

use gotmpl::parse::{DefineNode, ListNode, Parser};
use gotmpl::{MissingKey, TemplateError};
use serde::Serialize;

use self::fields::Kind;
use self::functions::functions;
use self::json::{Writer, from_json};
use crate::format_error::FormatError;

/// The name by which a template's own text is called.
const MAIN: &str = "format";
/// An action behind a template: the library ends one, without an error, at an `{{end}}` or `{{else}}` that belongs to
/// nothing, and lets it end where an `{{end}}` is missing. Then this is none of its own nodes. The line
/// before it keeps a brace at the template's end apart.
const END: &str = "\n{{0}}";
/// What is wrong with such a template.
const NOT_WHOLE: &str = "an {{end}} or {{else}} belongs to nothing, or an {{end}} is missing";

/// A template, read once.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    body: Arc<ListNode>,
    defines: Arc<[DefineNode]>,
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Template {}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// It is none, or calls what is no function.
    pub(crate) fn parse(text: &str) -> Result<Self, FormatError> {
        let wrong = |error: TemplateError| FormatError::template(text, &error);
        let source = unescaped(text);
        // What the library refuses as a whole, as a name that is defined twice.
        gotmpl::Template::new(MAIN).parse(&source).map_err(wrong)?;
        let parser = Parser::with_name(Some(MAIN), &source, "{{", "}}").map_err(wrong)?;
        let (body, defines) = parser.parse().map_err(wrong)?;
        let marked = format!("{source}{END}");
        let marked = Parser::with_name(Some(MAIN), &marked, "{{", "}}").map_err(wrong)?;
        if marked.parse().map_err(wrong)?.0.nodes.len() == body.nodes.len() {
            return Err(FormatError::template(text, &NOT_WHOLE));
        }
        let template =
            Self { text: text.to_owned(), body: Arc::new(body), defines: defines.into() };
        template.run_over_names(Kind::default())?;
        Ok(template)
    }

    /// Checks it before anything is asked: whether rows have what it names. `row` is the object that they are.
    ///
    /// # Errors
    /// A field that none of them has.
    pub(crate) fn check(&self, row: &str) -> Result<(), FormatError> {
        self.run_over_names(Kind::object(row)).map(drop)
    }

    /// The header of its columns.
    pub(crate) fn header(&self) -> String {
        // A template that calls nothing unknown has one, whatever its rows are.
        self.run_over_names(Kind::default()).unwrap_or_default()
    }

    fn run_over_names(&self, row: Kind) -> Result<String, FormatError> {
        header::header(&self.body, &self.defines, row)
            .map_err(|why| FormatError::template(&self.text, &why))
    }

    /// Renders each row as its dot. What is null in JSON is printed as nothing, and is null again for `json`.
    pub(crate) fn rows<'a, T: Serialize>(
        &'a self,
        rows: &'a [T],
    ) -> impl Iterator<Item = Result<String, FormatError>> + use<'a, T> {
        let null: Arc<str> = Arc::from("");
        let nothing = Writer { null: Arc::clone(&null), dot: gotmpl::Value::Nil, whole: "".into() };
        let current = Arc::new(Mutex::new(nothing));
        let mut runs = gotmpl::Template::new(MAIN)
            .missing_key(MissingKey::Error)
            .funcs(functions(&current, &null))
            .add_parse_tree(MAIN, ListNode::clone(&self.body));
        for define in self.defines.iter() {
            runs = runs.add_parse_tree(&define.name, define.body.clone());
        }
        rows.iter().map(move |row| {
            let wrong = |error: serde_json::Error| FormatError::template(&self.text, &error);
            let whole = serde_json::to_string(row).map_err(wrong)?;
            let dot = from_json(serde_json::to_value(row).map_err(wrong)?, &null);
            let row = Writer { null: Arc::clone(&null), dot: dot.clone(), whole: whole.into() };
            *current.lock().unwrap_or_else(PoisonError::into_inner) = row;
            runs.execute_template_to_string(MAIN, &dot).map_err(|error| {
                let told = FormatError::template(&self.text, &error);
                if is_of_template(&error) { told } else { told.of_row() }
            })
        })
    }
}

/// Whether an error is the same with every row: a name that there is not is there in none. The others are of
/// what is in a row.
fn is_of_template(error: &TemplateError) -> bool {
    matches!(
        error,
        TemplateError::MissingKey { .. }
            | TemplateError::UndefinedTemplate(_)
            | TemplateError::UndefinedFunction(_)
            | TemplateError::UndefinedVariable(_)
            | TemplateError::ArgCount { .. }
    )
}

/// Docker lets a shell user write `\t` and `\n` in a template.
fn unescaped(text: &str) -> String {
    text.replace("\\t", "\t").replace("\\n", "\n")
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::Template;
    use crate::format_error::FormatError;

    #[derive(Serialize)]
    struct Row {
        port: Option<u16>,
        name: &'static str,
        bridge: Option<u16>,
        macs: Vec<Option<u16>>,
    }

    fn render(text: &str, row: &Row) -> Result<String, FormatError> {
        Template::parse(text)?.rows(std::slice::from_ref(row)).collect()
    }

    fn header(text: &str) -> String {
        Template::parse(text).unwrap().header()
    }

    const ROW: Row = Row { port: Some(3), name: "", bridge: None, macs: Vec::new() };

    #[test]
    fn what_is_null_is_printed_as_nothing_and_written_as_null() {
        let shown = |text| render(text, &ROW).unwrap();
        assert_eq!(shown("<{{.bridge}}><{{.port}}>"), "<><3>");
        assert_eq!(shown("{{json .bridge}} {{json .name}} {{json .macs}}"), "null \"\" []");
        assert_eq!(shown("{{if .bridge}}on{{else}}off{{end}}"), "off");
        assert_eq!(shown("{{json .}}"), serde_json::to_string(&ROW).unwrap());
    }

    #[test]
    fn a_template_that_does_not_end_where_it_ends_is_refused() {
        for text in [
            "{{.name}}{{end}} {{.port}}",
            "{{.name}}{{else}} {{.port}}",
            "{{end}}",
            "{{if .port}}a{{end}}{{end}}b",
            "{{if .port}}a",
            "{{if .port}}a{{else}}b",
            "{{range .macs}}a",
            "{{with .port}}a",
            "{{define \"a\"}}x",
            "{{block \"a\" .}}x",
        ] {
            let said = Template::parse(text).unwrap_err();
            assert!(!said.is_of_row() && said.to_string().contains("cannot use"), "{text}: {said}");
        }
        for text in [
            "{",
            "{{.port}}{",
            "{{.port -}} ",
            "{{.port}}\\n",
            "x{{/* none */}}",
            "{{define \"a\"}}x{{end}}",
            "{{define \"a\"}}x{{end}}{{template \"a\" .}}",
            "{{if .port}}a{{else if .bridge}}b{{else}}c{{end}}",
        ] {
            Template::parse(text).unwrap();
        }
    }

    #[test]
    fn what_is_null_compares_with_numbers_and_with_texts() {
        let shown = |text: &str| render(text, &ROW).unwrap();
        assert_eq!(shown("{{eq .bridge 3}} {{eq 3 .bridge}} {{ne .bridge 3}}"), "false false true");
        assert_eq!(
            shown("{{lt .bridge 3}} {{ge .bridge 3}} {{gt 3 .bridge}}"),
            "false false false"
        );
        assert_eq!(
            shown("{{eq .bridge \"\"}} {{eq .bridge \"x\"}} {{ne .bridge \"\"}}"),
            "true false false"
        );
        assert_eq!(
            shown("{{eq .bridge 3 \"\"}} {{eq .port 4 3}} {{eq .bridge .bridge}}"),
            "true true true"
        );
        assert_eq!(shown("{{eq .port 3}} {{lt .port 4}} {{.port | eq 3}}"), "true true true");
        // What is no null is compared as ever.
        assert!(render("{{eq .name 3}}", &ROW).unwrap_err().is_of_row());
        assert!(render("{{eq .port}}", &ROW).is_err());
    }

    #[test]
    fn a_row_may_not_suit_a_template_that_another_one_suits() {
        assert!(render("{{.bridge.name}}", &ROW).unwrap_err().is_of_row());
        assert_eq!(render("{{if .bridge}}{{.bridge.name}}{{end}}", &ROW).unwrap(), "");
        for text in ["{{index .macs 0}}", "{{range .bridge}}{{end}}", "{{slice .name 1}}"] {
            assert!(render(text, &ROW).unwrap_err().is_of_row(), "{text}");
        }
        for text in ["{{.nmae}}", "{{template \"none\"}}", "{{eq .port}}"] {
            assert!(!render(text, &ROW).unwrap_err().is_of_row(), "{text}");
        }
    }

    #[test]
    fn json_in_a_template_is_the_same_value_and_printable() {
        let row = Row { name: "a\u{202e}\u{e0041}\u{7f}\n\"b", ..ROW };
        for text in ["{{json .name}}", "{{json .}}"] {
            let json = render(text, &row).unwrap();
            assert_eq!(crate::printable(&json), json);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(*value.get("name").unwrap_or(&value), row.name);
        }
    }

    #[test]
    fn dockers_functions_do_what_they_do_there() {
        let row = Row { name: "vethp11-eth0", ..ROW };
        for (text, shown) in [
            ("{{truncate .name 5}}", "vethp"),
            ("{{truncate .name 99}}{{truncate .bridge 5}}", "vethp11-eth0"),
            ("<{{pad .name 1 2}}><{{pad .bridge 1 2}}>", "< vethp11-eth0  ><>"),
            ("{{range split .name \"-\"}}<{{.}}>{{end}}", "<vethp11><eth0>"),
            ("{{title .name}}", "Vethp11-Eth0"),
            ("{{.name | upper | lower}}", "vethp11-eth0"),
        ] {
            assert_eq!(render(text, &row).unwrap(), shown, "{text}");
        }
        assert!(render("{{truncate .name -1}}", &row).unwrap_err().is_of_row());
        assert!(render("{{pad .name 0 99999999999}}", &row).is_err());
    }

    #[test]
    fn what_is_null_is_printed_as_nothing_in_its_columns() {
        let shown = |text: &str| render(text, &ROW).unwrap();
        assert_eq!(shown("<{{printf \"%5d\" .bridge}}>"), "<     >");
        assert_eq!(shown("<{{printf \"%-4d|%03d|%d%%\" .bridge .bridge .port}}>"), "<    |   |3%>");
        assert_eq!(shown("<{{.bridge | printf \"%d\"}}>"), "<>");
        assert_eq!(shown("<{{printf \"%03d\" .port}}>"), "<003>");
        assert_eq!(shown("<{{printf \"%*d|%d\" 4 .bridge .port}}>"), "<    |3>");
        assert_eq!(shown("<{{printf \"%[2]d|%[1]d\" .bridge .port}}>"), "<3|>");
        assert_eq!(shown("<{{printf \"%.*f|%d\" 2 .bridge .port}}>"), "<|3>");
        assert_eq!(shown("<{{printf \"%05.1f|%d\" .bridge .port}}>"), "<     |3>");
        assert_eq!(shown("<{{printf \"%[2]*[1]d\" .bridge 5}}>"), "<     >");
    }

    #[test]
    fn a_width_and_a_precision_may_be_arguments_by_their_numbers() {
        let shown = |text: &str| render(text, &ROW).unwrap();
        for (format, args, told) in [
            ("%[2]*[1]d", ".port 5", "    3"),
            ("%[2]*[1]d", ".port -5", "3    "),
            ("%0[2]*[1]d", ".port 3", "003"),
            ("%[2]*[1]d", ".port 0", "3"),
            ("%[3]*.[2]*[1]f", "12.0 2 6", " 12.00"),
            ("%[2]*.1[1]f", "12.0 6", "  12.0"),
            ("%5.[2]*[1]f|", "12.0 1", " 12.0|"),
            ("%[2]*[1]d|%d", ".port 2", " 3|2"),
        ] {
            let text = format!("{{{{printf \"{format}\" {args}}}}}");
            assert_eq!(shown(&text), told, "{text}");
        }
    }

    #[test]
    fn a_header_names_the_fields_of_its_column() {
        for (text, expected) in [
            ("{{.Container}}\\t{{.OFPort}}", "CONTAINER\tOFPORT"),
            ("{{if .OFPort}}{{.OFPort}}{{else}}-{{end}}", "OFPORT"),
            ("{{if .Attachment}}{{.Attachment.State}}{{end}}", "ATTACHMENT.STATE"),
            ("{{with .Attachment}}{{.State}}{{end}}", "ATTACHMENT.STATE"),
            ("{{if eq .State \"on\"}}yes{{else}}no{{end}}", "STATE"),
            ("{{if eq .State \"on\"}}yes{{else}}{{.Reason}}{{end}}", "REASON"),
            ("{{.Container|lower}}", "CONTAINER"),
            ("{{index .Addresses 0}}{{index (.Trunks) 0}}", "ADDRESSESTRUNKS"),
            ("{{printf \"%s:%d\" .Bridge .OFPort}}", "BRIDGE:OFPORT"),
            ("{{range .Addresses}}{{.}}{{end}}", "ADDRESSES"),
            ("{{range $i, $one := .Addresses}}{{$one}}{{end}}", "ADDRESSES"),
            ("{{$state := .State}}{{$state}}", "STATE"),
            ("{{$x := \"\"}}{{if .VLAN}}{{$x = .VLAN}}{{end}}{{$x}}", "VLAN"),
            ("{{$x := .VLAN}}{{if not .VLAN}}{{$x = \"-\"}}{{end}}{{$x}}", "VLAN"),
            ("{{$x := \"\"}}{{range $x = .Addresses}}{{end}}{{$x}}", "ADDRESSES"),
            ("{{printf \"%[2]s:%[1]d\" .OFPort .Bridge}}", "BRIDGE:OFPORT"),
            ("{{if $port := .OFPort}}{{$port}}{{end}}", "OFPORT"),
            ("{{with $port := .OFPort}}{{$port}}{{end}}", "OFPORT"),
            ("{{define \"a\"}}{{.State}}{{end}}{{template \"a\" .}}", "STATE"),
            ("{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}", ""),
            ("{{join .Addresses \", \"}}{{json .Port}}", "ADDRESSESPORT"),
        ] {
            assert_eq!(header(text), expected, "{text}");
        }
    }

    #[test]
    fn a_template_that_calls_itself_often_is_checked_in_a_moment() {
        let calls = "{{template \"a\" .}}".repeat(40);
        let text =
            format!("{{{{define \"a\"}}}}{{{{.State}}}}{calls}{{{{end}}}}{{{{template \"a\" .}}}}");
        assert!(header(&text).starts_with("STATESTATE"));
    }

    #[test]
    fn what_no_row_has_is_refused_before_there_is_one() {
        let check = |text: &str, row: &str| Template::parse(text)?.check(row);
        for text in [
            "{{.Action}} {{if .Attachment}}{{.Attachment.State}}{{end}}",
            "{{range .Changed}}{{.}}{{end}}{{with .Port}}{{.OFPort}}{{end}}",
            "{{range .Attachment.Tenants}}{{.Container}}{{$.Time}}{{end}}",
            "{{(index .Attachment.Tenants 0).Called}}",
            "{{$p := .Attachment}}{{if .Port}}{{$p = .Port}}{{end}}{{with $p}}{{.Who}}{{end}}",
            "{{$p := .Attachment}}{{range $p = .Changed}}{{end}}{{$p}}",
        ] {
            check(text, "Event").unwrap();
        }
        for (text, why) in [
            ("{{.Nope}}", "Event has no field Nope; its fields are Action, "),
            ("{{if false}}{{.Nope}}{{end}}", "Event has no field Nope"),
            ("{{.Attachment.Nope}}", "Attachment has no field Nope"),
            ("{{range .Attachment.Tenants}}{{.Nope}}{{end}}", "Tenant has no field Nope"),
            ("{{(index .Attachment.Tenants 0).Nope}}", "Tenant has no field Nope"),
            ("{{.Container.Name}}", "string has no field Name"),
            ("{{sprig .Container}}", "there is no function sprig"),
            ("{{pad .Container 1}}", "pad takes 3 arguments, and has 2"),
            ("{{$x}}", "x"),
            (
                "{{$p := .Attachment}}{{if .Port}}{{$p = .Attachment}}{{end}}{{$p.Who}}",
                "no field Who",
            ),
            ("{{template \"none\"}}", "none"),
        ] {
            let said = check(text, "Event").unwrap_err();
            assert!(said.to_string().contains(why) && !said.is_of_row(), "{said}");
        }
    }
}
