//! Where ports stand, and where numbers are none.

use docker_ovs_flowtext::Style;

use crate::annotated;

fn plain(text: &str) -> String {
    String::from_utf8(annotated(text.as_bytes(), &Style::default())).unwrap()
}

fn with_addresses(text: &str) -> String {
    let style = Style { macs: true, ips: true, ..Style::default() };
    String::from_utf8(annotated(text.as_bytes(), &style)).unwrap()
}

/// Each with an `@` after what is a port.
fn marks(kind: &str, texts: &[&str]) {
    for text in texts {
        let expected = text.replace('@', &format!("<{kind}>"));
        assert_eq!(plain(&text.replace('@', "")), expected);
    }
}

#[test]
fn openflow_ports_are_marked_wherever_flows_have_them() {
    marks(
        "o",
        &[
            "priority=3,in_port=3@ actions=output:4@",
            "in_port=LOCAL@,vlan_tci=0x3 actions=LOCAL@",
            "in_port=\"flw-a\"@ actions=output:\"flw-a\"@,output:flwv1@",
            "actset_output=3@ actions=drop",
            "in_port=3@,actions=3@,4@,NORMAL",
            " actions=3@, 4@",
            "actions=enqueue:3@:4,enqueue(5@,6)",
            "actions=resubmit(3@,4),resubmit(,5),resubmit:6@,resubmit(7@,8,ct)",
            "actions=output(port=3@,max_len=4),output:NXM_NX_REG3[],output:NXM_NX_REG3[0..15]",
            "actions=bundle(eth_src,50,active_backup,ofport,members:3@,4@),5@",
            "actions=bundle_load(eth_src,50,hrw,ofport,NXM_NX_REG0[],slaves:3@,4@)",
            "actions=load:0x3@->NXM_OF_IN_PORT[],load:0x3->NXM_NX_REG0[],set_field:3@->in_port",
            "actions=load:0x3->NXM_OF_IN_PORT[0..7],set_field:3->tun_id",
            "actions=learn(table=3,idle_timeout=4,priority=5,in_port=6@,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],\
         load:0x7@->NXM_OF_IN_PORT[],load:0x2->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[])",
            "actions=clone(output:3@,ct(commit,zone=4,exec(set_field:5@->in_port,set_field:6->ct_mark))),7@",
            "actions=write_actions(output:3@,group:4),goto_table:5",
            "actions=check_pkt_larger(3)->NXM_NX_REG0[0],4@",
            "actions=sample(probability=3,collector_set_id=4,obs_domain_id=5,obs_point_id=6,sampling_port=7@)",
            " group_id=3,type=ff,bucket=bucket_id:4,weight:5,watch_port:6@,watch_group:7,actions=output:8@,\
         bucket=bucket_id:9,watch_port:10@,actions=11@",
            "OFPT_PACKET_IN (xid=0x0): total_len=3 in_port=4@ (via action) data_len=5 (unbuffered)",
            "OFPT_PACKET_OUT (xid=0x3): in_port=CONTROLLER actions=output:4@ data_len=5",
            "OFPST_FLOW request (xid=0x4): out_port=3@ table=4",
            "event=ADDED table=3 cookie=0x4 in_port=5@ actions=output:6@",
        ],
    );
}

/// What ovs-ofctl(8) takes in files of flows beside what it prints.
#[test]
fn openflow_ports_are_marked_as_users_write_them() {
    marks(
        "o",
        &[
            "in_port=local@ actions=output:local@,Local@,local@",
            "priority=3,in_port=3@,action=4@",
            "in_port=3@,action=output:4@,5@",
            "table=0 action=LOCAL@",
            "duration=3s,transaction=4,5 reaction=6,7 action: 8 action:9",
            "actions=local@,normal,drop,in_port,table",
        ],
    );
}

/// `ofputil_packet_in_private_format` of lib/ofp-packet.c, which tells how a packet goes on that was paused.
#[test]
fn what_a_paused_packet_goes_on_with_is_a_list_of_actions() {
    marks(
        "o",
        &[
            "NXT_PACKET_IN2 (xid=0x0): total_len=42 in_port=3@ (via action) data_len=42 (unbuffered)\n              continuation.bridge=0x3\n continuation.actions=output:4@,LOCAL@,5@\n              continuation.action_set=6@,LOCAL@\n continuation.table_id=7",
            " continuation.reactions=7,8 continued.actions=7",
        ],
    );
}

/// What Open vSwitch 3.1 prints of messages: in replies, by `snoop` and `monitor`, and in logs.
#[test]
fn openflow_ports_are_marked_wherever_messages_have_them() {
    marks(
        "o",
        &[
            "OFPT_PORT_MOD (OF1.3) (xid=0x2): port: 3@: addr:e2:d2:67:bb:2d:7a",
            "OFPT_PORT_MOD (xid=0x2): port: LOCAL@: addr:e2:d2:67:bb:2d:7a",
            "OFPT_PORT_MOD (OF1.5) (xid=0x2): port: flw-a@: addr:e2:d2:67:bb:2d:7a",
            "OFPT_PORT_MOD (OF1.5) (xid=0x2): port: \"flw-a\"@: addr:e2:d2:67:bb:2d:7a",
            "OFPT_QUEUE_GET_CONFIG_REQUEST (xid=0x2): port=3@",
            "OFPT_QUEUE_GET_CONFIG_REPLY (OF1.3) (xid=0x2): port=3@\nqueue 0:\nqueue 1:\nport=4@\nqueue 5:\n",
            "OFPT_QUEUE_GET_CONFIG_REPLY (xid=0x2): port=flw-a@\nqueue 0:\n",
            "OFPST_QUEUE_DESC reply (OF1.5) (xid=0x2): port=flw-a@\nqueue 3:\nport=\"flw-a\"@\nqueue 4:\n",
            "OFPST_QUEUE_DESC request (OF1.5) (xid=0x2): port=3@",
            "OFPST_QUEUE request (OF1.3) (xid=0x2): port=3@ queue=4",
            "OFPST_PORT_DESC request (OF1.5) (xid=0x4): port=3@",
            "OFPST_PORT request (xid=0x3): port_no=3@",
            "OFPT_FLOW_MOD (OF1.3) (xid=0x2): DEL table:255 in_port=3@ out_port:4@ actions=drop",
            "OFPT_FLOW_MOD (xid=0x2): DEL_STRICT priority=3,in_port=flw-a@ out_port:flw-a@ actions=drop",
            "NXST_FLOW request (xid=0x4): out_port=3@",
            " id=0 flags=initial,add,delete,modify,actions,own out_port=3@",
            "NXT_PACKET_IN2 (OF1.4) (xid=0x0): cookie=0x0 total_len=42 in_port=3@ (via action) data_len=42 (unbuffered)",
            "OFPT_FLOW_REMOVED (OF1.4) (xid=0x0): tcp,in_port=3@ reason=idle table_id=0 duration1.093s idle1 pkts0 bytes0",
            "2026-11-29T20:12:58Z|00027|vconn|DBG|tcp:127.0.0.1:16653: sent (Success): OFPT_PORT_MOD (OF1.3) (xid=0x2): \
             port: 3@: addr:e2:d2:67:bb:2d:7a",
        ],
    );
    // Where no message is told of, a port is one of TCP, of a URL, or anything.
    marks(
        "o",
        &[
            "connected to port: 3: addr:4",
            "port=3 queue=4",
            "listening on port=3",
            "OFPT_HELLO (xid=0x3):\nport: 3: x",
            "OFPT_PACKET_OUT (xid=0x3): in_port=3@ actions=output(port=4@,max_len=5) x(port=6)",
        ],
    );
    assert_eq!(
        plain("OFPT_PORT_STATUS (OF1.4) (xid=0x0): DEL: 3(flw-a): addr:e2:d2:67:bb:2d:7a"),
        "OFPT_PORT_STATUS (OF1.4) (xid=0x0): DEL: 3<o>(flw-a<n>): addr:e2:d2:67:bb:2d:7a"
    );
}

#[test]
fn other_numbers_are_not() {
    marks(
        "o",
        &[
            "cookie=0x3, duration=3s, table=3, n_packets=3, n_bytes=3, idle_age=3, priority=3,ip,nw_tos=3 actions=drop",
            "actions=group:3,meter:4,mod_vlan_vid:5,set_queue:6,goto_table:7,push_vlan:0x8100,dec_ttl(8,9)",
            "actions=conjunction(3,4/5),note:00.03,controller(reason=no_match,max_len=3,id=4),CONTROLLER:65535",
            "actions=move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],multipath(eth_src,50,modulo_n,3,0,NXM_NX_REG0[])",
            "actions=ct(commit,zone=3,nat(src=10.0.0.3),table=4),set_field:3->reg0,write_metadata:0x3/0x4",
            "actions=fin_timeout(idle_timeout=3,hard_timeout=4),encap(nsh(md_type=2,tlv(0x1000,10,0x3)))",
            "port=3 max_len=4 output: 3 tcp port 3, 4, 5",
            "actions: output enqueue set_vlan_vid",
            "n_tables:254, n_buffers:0",
        ],
    );
}

#[test]
fn datapath_ports_are_marked_in_datapath_flows() {
    marks(
        "d",
        &[
            "recirc_id(3),dp_hash(4/5),in_port(6@),eth(src=02:00:00:00:00:01),eth_type(0x0800),ipv4(proto=6), \
         packets:3, bytes:4, used:5s, flags:SF., actions:7@,8@",
            "in_port(flwv1@), packets:0, bytes:0, used:never, dp:ovs, actions:flwv2@,flw1@, dp-extra-info:miniflow_bits(5,1)",
            "actions:push_vlan(vid=3,pcp=4),5@,pop_vlan,6@",
            "actions:ct(commit,zone=3,mark=0x4/0x5,nat(src=10.0.0.3)),recirc(0x3)",
            "actions:set(tunnel(tun_id=0x3,dst=192.0.2.4,ttl=64,tp_dst=5,flags(df|key))),6@",
            "actions:clone(tnl_push(tnl_port(3@),header(size=50,type=4,eth(dst=02:00:00:00:00:01,src=02:00:00:00:00:02,\
         dl_type=0x0800),ipv4(src=192.0.2.1,dst=192.0.2.2,proto=17,tos=0,ttl=64,frag=0x4000),udp(src=0,dst=4789,csum=0x0),\
         vxlan(flags=0x8000000,vni=0x7)),out_port(5@)),6@)",
            "actions:tnl_pop(3@)",
            "actions:sample(sample=50.0%,actions(userspace(pid=3,sFlow(vid=4,pcp=5,output=6)),7@)),8@",
            "actions:check_pkt_len(size=3,gt(4@),le(5@,trunc(6),7@))",
            "actions:userspace(pid=3,controller(reason=4,dont_send=5,continuation=0,recirc_id=6,rule_cookie=0,\
         controller_id=0,max_len=65535)),7@",
            "actions:userspace(pid=1,ipfix(output_port=3@)),3@",
            "actions:userspace(pid=1,flow_sample(probability=2,collector_set_id=3,obs_domain_id=4,obs_point_id=5,\
         output_port=6@,egress)),7@",
            "actions:sample(sample=50.0%,actions(userspace(pid=1,sFlow(vid=2,pcp=3,output=4),actions,tunnel_out_port=5@))),6@",
            "actions:userspace(pid=1,ipfix(output_port=flwv1@),tunnel_out_port=\"flw-a\"@)",
            "actions:hash(sym_l4(3)),recirc(0x4),meter(5),6@",
            "actions:drop",
            "Datapath actions: ct(commit),3@,trunc(99),4@",
        ],
    );
}

#[test]
fn rows_of_tables_are_known() {
    marks(
        "o",
        &[
            " port  VLAN  MAC                Age\n    3@     4  c6:26:8d:5a:fc:f3    5\n\
         LOCAL@     0  c6:26:8d:5a:fc:f3    static\n32768@     0  c6:26:8d:5a:fc:f3   1\n",
            " port  VLAN  GROUP                Age\n    3@     0  239.1.1.1           5\n    4@    20  ff02::1:3           12\n\
         LOCAL@     0  querier             3\n",
            // What is like it and has no age, or more than that.
            "  3     0  239.1.1.1\n  3  0  239.1.1.1  5 6\n  3  0  quarrel  5\n  3  0  10.0.0.1  eth0\n",
            "OFPST_PORT reply (xid=0x2): 5 ports\n  port  3@: rx pkts=4, bytes=5, drop=6\n           tx pkts=1, bytes=8\n  \
         port LOCAL@: rx pkts=0\n  port  \"flw-a\"@: rx pkts=0\n",
            "  port 3@ queue 4: bytes=5, pkts=6\n",
        ],
    );
    assert_eq!(
        plain("system@ovs-system:\n  port 3: flwv2\n  port 0: flw0 (tap)\n"),
        "system@ovs-system:\n  port 3<d system>: flwv2<n>\n  port 0<d system>: flw0<n> (tap)\n"
    );
    assert_eq!(
        plain(" 3(flwv1): addr:02:00:00:00:00:01\n"),
        " 3<o>(flwv1<n>): addr:02:00:00:00:00:01\n"
    );
    assert_eq!(
        plain("OFPT_PORT_STATUS (xid=0x0): ADD: 3(flwv1): addr:02:00:00:00:00:01"),
        "OFPT_PORT_STATUS (xid=0x0): ADD: 3<o>(flwv1<n>): addr:02:00:00:00:00:01"
    );
    assert_eq!(
        plain("    Port flwv1\n        Interface \"flw-a\"\n"),
        "    Port flwv1<n>\n        Interface \"flw-a\"<n>\n"
    );
    assert_eq!(
        plain("18:00:00.123456 flwv1 Out 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4"),
        "18:00:00.123456 flwv1<n> Out 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4"
    );
}

/// By `-tttt`, `-tt`, `-ttt` and `-t` of tcpdump.
#[test]
fn a_captured_packet_is_known_however_its_time_is_told() {
    marks(
        "n",
        &[
            "2026-11-30 18:00:00.123456 flwv1@ Out ifindex 7 02:00:00:00:00:01 ethertype IPv4",
            "1764525600.123456 flwv1@ In  ifindex 7 02:00:00:00:00:01 ethertype IPv4",
            " 00:00:00.000012 flwv1@ B   ifindex 7 02:00:00:00:00:01 ethertype IPv4",
            "flwv1@ Out ifindex 7 02:00:00:00:00:01 ethertype IPv4",
            "flwv1@ M   ifindex 7 02:00:00:00:00:01 ethertype IPv4",
            "2026-11-30 flwv1 Out ifindex 7 02:00:00:00:00:01",
            "1764525600 flwv1 Out ifindex 7 02:00:00:00:00:01",
            "flwv1 Out ifindex x 02:00:00:00:00:01",
            "flwv1 Out of order",
            "flwv1 Over ifindex 7 02:00:00:00:00:01",
        ],
    );
}

/// Each datapath has port numbers of its own, and dpctl/show tells all of them.
#[test]
fn datapath_ports_are_those_of_the_datapath_that_the_text_is_in() {
    let text = [
        ("  port 2: flwv1", "  port 2: flwv1"),
        ("port 3: down", "port 3: down"),
        ("system@ovs-system:", "system@ovs-system:"),
        ("  lookups: hit:1 missed:2 lost:3", "  lookups: hit:1 missed:2 lost:3"),
        ("  caches:", "  caches:"),
        ("    masks-cache: size:256", "    masks-cache: size:256"),
        ("  port 0: ovs-system (internal)", "  port 0<d system>: ovs-system (internal)"),
        ("", ""),
        ("  port 2: flwv1", "  port 2<d system>: flwv1<n>"),
        ("netdev@ovs-netdev:\r", "netdev@ovs-netdev:\r"),
        ("\tport 2: flwv2 (tap)\r", "\tport 2<d netdev>: flwv2<n> (tap)\r"),
        ("system@my\\dp:", "system@my\\dp:"),
        ("  port 2: flwv1", "  port 2<d elsewhere>: flwv1<n>"),
        ("recirc_id(0),in_port(2), actions:4", "recirc_id(0),in_port(2<d>), actions:4<d>"),
        ("netdev@ovs-netdev:", "netdev@ovs-netdev:"),
        ("  port 4: flwv2", "  port 4<d netdev>: flwv2<n>"),
        ("root@host:~# ovs-dpctl show", "root@host:~# ovs-dpctl show"),
        ("  port 3: flwv2", "  port 3: flwv2"),
        ("  port 1: flw0 (tap)", "  port 1: flw0 (tap)"),
        ("system@ovs-system: hit:4 missed:5", "system@ovs-system: hit:4 missed:5"),
        ("  port 3: flwv2", "  port 3: flwv2"),
        ("user@host: hello", "user@host: hello"),
        ("  port 3: flwv2", "  port 3: flwv2"),
        ("  port 1: flw0 (tap)", "  port 1: flw0 (tap)"),
    ];
    let joined = |of: fn(&(&'static str, &'static str)) -> &'static str| {
        text.iter().map(of).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(plain(&joined(|line| line.0)), joined(|line| line.1));
}

/// dpif/show tells of each port all that it is called by, below its bridge and that below its datapath.
#[test]
fn a_row_of_dpif_show_has_a_name_and_two_numbers() {
    let text = [
        ("    flwv1 3/2: (system)", "    flwv1 3/2: (system)"),
        ("system@ovs-system: hit:4 missed:5", "system@ovs-system: hit:4 missed:5"),
        ("  flows: cur: 0, avg: 0, max: 14", "  flows: cur: 0, avg: 0, max: 14"),
        ("  flw0:", "  flw0:"),
        ("    flwv1 3/2: (system)", "    flwv1<n> 3<o flw0>/2<d system>: (system)"),
        (
            "    flw gap \"q\" 4/none: (patch: peer=flwv2)",
            "    flw gap \"q\"<n> 4<o flw0>/none: (patch: peer=flwv2)",
        ),
        ("  flw1: hit:0 missed:7", "  flw1: hit:0 missed:7"),
        ("    flw1 65534/1: (internal)\r", "    flw1<n> 65534<o flw1>/1<d system>: (internal)\r"),
        (
            "    other 5/6: (vxlan: remote_ip=192.0.2.1)",
            "    other 5<o flw1>/6<d system>: (vxlan: remote_ip=192.0.2.1)",
        ),
        ("    flwv2 none/6: (system)", "    flwv2 none/6: (system)"),
        ("netdev@ovs-netdev: hit:0 missed:0", "netdev@ovs-netdev: hit:0 missed:0"),
        ("\tflw0:", "\tflw0:"),
        ("\t\tflwv1 3/2: (tap)", "\t\tflwv1<n> 3<o flw0>/2<d netdev>: (tap)"),
        ("in_port=3,actions=4", "in_port=3<o>,actions=4<o>"),
        ("    flwv1 3/2: (system)", "    flwv1 3/2: (system)"),
    ];
    let joined = |of: fn(&(&'static str, &'static str)) -> &'static str| {
        text.iter().map(of).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(plain(&joined(|line| line.0)), joined(|line| line.1));
}

#[test]
fn addresses_are_marked_where_that_is_asked() {
    assert_eq!(
        with_addresses("dl_src=02:42:ac:11:00:03,nw_src=10.0.0.2"),
        "dl_src=02:42:ac:11:00:03<m>,nw_src=10.0.0.2<i>"
    );
    assert_eq!(
        with_addresses("10.0.0.2.45678 > 10.0.0.3.80: Flags"),
        "10.0.0.2<i>.45678 > 10.0.0.3<i>.80: Flags"
    );
    assert_eq!(
        with_addresses("ipv6_src=fd00::2,ipv6_dst=::1"),
        "ipv6_src=fd00::2<i>,ipv6_dst=::1<i>"
    );
    assert_eq!(
        with_addresses(
            "02:42:ac:11:00:03 > ff:ff:ff:ff:ff:ff, ethertype ARP, length 42: Request who-has 10.0.0.3 tell 10.0.0.2"
        ),
        "02:42:ac:11:00:03<m> > ff:ff:ff:ff:ff:ff<m>, ethertype ARP, length 42: Request who-has 10.0.0.3<i> tell 10.0.0.2<i>"
    );
    assert_eq!(
        with_addresses("addr:02:42:ac:11:00:03 addr:fd00::2"),
        "addr:02:42:ac:11:00:03<m> addr:fd00::2<i>"
    );
    let group: &str = "2001:db8:11:22:33:44:55:66";
    assert_eq!(with_addresses(group), format!("{group}<i>"), "its groups are no MAC");
    assert_eq!(
        with_addresses("v1.2.3.4 1.2.3 10.0.0.2x 300.1.1.1"),
        "v1.2.3.4 1.2.3 10.0.0.2x 300.1.1.1"
    );
}

/// What a pattern says of a word is what is meant by it, whatever stands there else.
#[test]
fn a_pattern_is_read_before_all_else() {
    let said = |pattern: &str, text: &str| {
        let style = Style {
            macs: true,
            ips: true,
            patterns: vec![pattern.parse().unwrap()],
            ..Style::default()
        };
        String::from_utf8(annotated(text.as_bytes(), &style)).unwrap()
    };
    for (pattern, text, expected) in [
        (
            "in_port=(?<port>[0-9]+) of (?<bridge>[a-z0-9]+)",
            "in_port=3 of flw1 actions=output:4",
            "in_port=3<o flw1> of flw1 actions=output:4<o>",
        ),
        // A datapath port, a part of a word, an address, and a word that no port is called by.
        (
            r"in_port\((?<port>[0-9]+)\) (?<bridge>[a-z0-9]+)",
            "in_port(3) flw0",
            "in_port(3<o flw0>) flw0",
        ),
        ("in_port=1(?<port>[0-9]+)", "in_port=12", "in_port=12<o>"),
        (
            r"(?<port>[0-9]+)\.0\.0\.2 at (?<bridge>[a-z0-9]+)",
            "10.0.0.2 at flw1",
            "10<o flw1>.0.0.2 at flw1",
        ),
        ("in_port=(?<port>3,x)", "in_port=3,x", "in_port=3,x"),
        // Where a text says what it is about, that stays so.
        (
            r#"bridge\("(?<port>flw1)"\)"#,
            "bridge(\"flw1\")\n 0. in_port=3",
            "bridge(\"flw1<o flw1>\")\n 0. in_port=3<o flw1>",
        ),
        (
            "^(?<port>[0-9]+) x",
            "bridge(\"flw1\")\nbridge(\"flw0\")\n3 x",
            "bridge(\"flw1\")\nbridge(\"flw0\")\n3<o flw0> x",
        ),
    ] {
        assert_eq!(said(pattern, text), expected, "{pattern}");
    }
}

/// Of bridges that are in each other too deeply none is told, and those outside of them are what they were.
#[test]
fn bridges_that_are_too_deep_are_no_others() {
    let mut text = String::new();
    let (mut expected, label) = (String::new(), |depth: usize| match depth {
        0..31 => "o flw1",
        _ => "o elsewhere",
    });
    for depth in 0..40 {
        let indent = " ".repeat(2 * depth);
        let lines = format!("{indent}bridge(\"flw1\")\n{indent} 0. in_port=3");
        text.extend([&*lines, "\n"]);
        expected.extend([&*lines, "<", label(depth), ">\n"]);
    }
    let outside = format!("{} 1. in_port=3\n", " ".repeat(58));
    assert_eq!(plain(&(text + &outside)), expected + &outside.replace("=3", "=3<o flw1>"));
}

const FORKED: &str = "-> A clone of the packet is forked to recirculate. The forked pipeline will be resumed at table 2.";

/// A pass as vswitchd writes it, which always has the bridge above it that was asked about: `of` is the label of its
/// flow, and `own` that of the ports below the bridge.
fn pass(of: &str, own: &str, inner: &str) -> String {
    format!(
        "Flow: udp,in_port=3<{of}>\n\nbridge(\"flw0\")\n---\n 1. in_port=2<{own}>, priority 3\n    output:4<{own}>\n{inner}\n\
         Final flow: udp,in_port=3<{of}>\nMegaflow: udp,in_port=3<{of}>\nDatapath actions: 4<d>\n\n"
    )
}

/// A bridge behind a patch port, of which `forked` tells whether its rules recirculate.
fn behind(bridge: &str, forked: bool) -> String {
    let told = if forked { format!("             {FORKED}\n") } else { String::new() };
    format!(
        "\n    bridge(\"{bridge}\")\n    ---\n         0. in_port=5<o {bridge}>, priority 3\n            ct(table=2)\n            drop\n{told}"
    )
}

/// With all labels taken out and set again.
fn is_labelled_so(text: &str) {
    let labels = ["<o>", "<o flw0>", "<o flw1>", "<o elsewhere>", "<d>"];
    let bare = labels.iter().fold(text.to_owned(), |text, label| text.replace(label, ""));
    assert_eq!(plain(&bare), text);
}

const NEXT: &str = "====\nrecirc(0x1) - resume conntrack with ct_state=trk\n====\n\n";

/// The text does not say so above the pass: it is the bridge in which the packet was copied.
#[test]
fn a_pass_goes_on_in_the_bridge_where_the_packet_was_copied() {
    let outer = format!("    ct(table=2)\n     {FORKED}\n");
    for (first, second) in [
        // Behind a patch port, and in the bridge that was asked about, before and behind one.
        (behind("flw1", true), pass("o flw1", "o flw1", "")),
        (behind("flw1", false) + &outer, pass("o", "o flw0", "")),
        (outer.clone() + &behind("flw1", false), pass("o", "o flw0", "")),
        // A bridge that comes back to the first one by another patch port.
        (behind("flw0", true), pass("o", "o flw0", "")),
    ] {
        let after = "in_port=7<o>,actions=drop\n";
        let next_trace = pass("o", "o flw0", "");
        is_labelled_so(&[&pass("o", "o flw0", &first), NEXT, &second, after, &next_trace].concat());
    }
}

#[test]
fn copies_wait_for_each_other() {
    let outer = format!("    ct(table=2)\n     {FORKED}\n");
    let text = [
        &pass("o", "o flw0", &(behind("flw1", true) + &outer)),
        NEXT,
        // In this one it is copied once more.
        &pass("o flw1", "o flw1", &outer),
        NEXT,
        &pass("o", "o flw0", ""),
        NEXT,
        &pass("o flw1", "o flw1", ""),
    ];
    is_labelled_so(&text.concat());
}

/// Of a text that is cut there, no bridge is told.
#[test]
fn a_pass_of_a_copy_that_was_not_told_of_may_be_of_any_of_several_bridges() {
    let cut = behind("flw1", false);
    let second = pass("o elsewhere", "o elsewhere", "");
    is_labelled_so(&[&pass("o", "o flw0", &cut), NEXT, &second].concat());
    is_labelled_so(&[&pass("o", "o flw0", ""), NEXT, &pass("o", "o flw0", "")].concat());
    is_labelled_so(&[NEXT, &pass("o", "o flw0", "")].concat());
}

/// Other texts that begin a line alike.
#[test]
fn what_only_looks_like_a_trace_changes_nothing() {
    for line in [
        "recirc(0x1),in_port(2), packets:0",
        "    recirc(0x1)",
        "recirc_id=0x1,in_port=2",
        "-> A clone of the packet",
    ] {
        let text = format!("bridge(\"flw1\")\n---\n    output:4\n{line}\n 0. in_port=3\n");
        let marked = plain(&text);
        assert!(marked.contains("output:4<o flw1>"), "{marked}");
        assert!(marked.ends_with(" 0. in_port=3<o flw1>\n"), "{marked}");
    }
}
