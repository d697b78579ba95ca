"""A learning switch whose policy speaks of containers, not of ports.

    POLICY=policy.txt python3 policy_switch.py

Each line of the policy names two containers that may talk to each other, or one interface of a
container, as `firewall:eth0`. `docker ovs serve` says on which port of which switch they are; when a container is restarted, moved to another
port or removed, its flows go and the policy holds wherever it turns up again.

Settings, all from the environment: POLICY, DOCKER_OVS (http://127.0.0.1:9653), LISTEN
(127.0.0.1:6653), where the switches connect.
"""

import json
import os
import sys
import threading

from os_ken import cfg
from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, DEAD_DISPATCHER, MAIN_DISPATCHER
from os_ken.controller.handler import set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3

from containers import Containers

FLOW, TABLE_MISS = 10, 0
IDLE_SECONDS = 60


def read_policy(path):
    """Pairs of names of containers or of their interfaces, in either order; # begins a comment."""
    with open(path, encoding="utf-8") as lines:
        words = [line.split("#")[0].split() for line in lines]
    return {frozenset(pair) for pair in words if len(pair) == 2}


class PolicySwitch(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.policy = read_policy(os.environ["POLICY"])
        self.lock = threading.RLock()
        self.switches = {}  # datapath id -> datapath
        self.attachments = {}  # (datapath id, port) -> Attachment
        self.learned = {}  # (datapath id, MAC) -> port
        url = os.environ.get("DOCKER_OVS", "http://127.0.0.1:9653")
        Containers(url, self.attachments_changed).start()

    # What docker-ovs says.

    def attachments_changed(self, attachments):
        with self.lock:
            before = self.attachments
            self.attachments = {(one.dpid, one.port): one for one in attachments}
            ports = before.keys() | self.attachments
            moved = {port for port in ports if before.get(port) != self.attachments.get(port)}
            for dpid, port in moved:
                self.forget(dpid, port)
            told = [[one.container, one.interface, one.dpid, one.port, one.iface] for one in attachments]
        say("attachments", told)

    def forget(self, dpid, port):
        self.learned = {k: p for k, p in self.learned.items() if (k[0], p) != (dpid, port)}
        switch = self.switches.get(dpid)
        if switch is not None:
            delete_flows(switch, in_port=port)
            delete_flows(switch, out_port=port)

    # What the switches say.

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def switch_is_there(self, event):
        switch = event.msg.datapath
        with self.lock:
            self.switches[switch.id] = switch
        delete_flows(switch)
        to_us = [switch.ofproto_parser.OFPActionOutput(switch.ofproto.OFPP_CONTROLLER)]
        add_flow(switch, TABLE_MISS, switch.ofproto_parser.OFPMatch(), to_us)
        switch.send_msg(switch.ofproto_parser.OFPPortDescStatsRequest(switch, 0))

    @set_ev_cls(ofp_event.EventOFPStateChange, DEAD_DISPATCHER)
    def switch_is_gone(self, event):
        with self.lock:
            self.switches.pop(event.datapath.id, None)

    @set_ev_cls(ofp_event.EventOFPPortDescStatsReply, MAIN_DISPATCHER)
    def ports_described(self, event):
        for port in event.msg.body:
            say("port", ["described", event.msg.datapath.id, port.port_no, port.name.decode()])

    @set_ev_cls(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def port_changed(self, event):
        message, ofproto = event.msg, event.msg.datapath.ofproto
        reason = {ofproto.OFPPR_ADD: "added", ofproto.OFPPR_DELETE: "deleted"}
        what, port = reason.get(message.reason, "modified"), message.desc
        say("port", [what, message.datapath.id, port.port_no, port.name.decode()])

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        with self.lock:
            self.learned[switch.id, frame.src] = in_port
            partners = self.partners(switch.id, in_port)
            known = self.learned.get((switch.id, frame.dst))
        ports = [known] if known in partners else partners if known is None else []
        output = [switch.ofproto_parser.OFPActionOutput(port) for port in ports]
        if known in partners:
            match = switch.ofproto_parser.OFPMatch(in_port=in_port, eth_dst=frame.dst)
            add_flow(switch, FLOW, match, output, idle=IDLE_SECONDS)
        send_on(message, in_port, output)

    def partners(self, dpid, port):
        """The ports of this switch whose containers may talk to the one on `port`."""
        own = self.attachments.get((dpid, port))
        if own is None:
            return []
        pairs = lambda other: (frozenset((a, b)) for a in names(own) for b in names(other))
        allowed = lambda other: any(pair in self.policy for pair in pairs(other))
        here = [other for (where, _), other in self.attachments.items() if where == dpid]
        return sorted(other.port for other in here if allowed(other))


def names(attachment):
    """What a policy may call who is there."""
    return attachment.container, f"{attachment.container}:{attachment.interface}"


def add_flow(switch, priority, match, actions, idle=0):
    parser, ofproto = switch.ofproto_parser, switch.ofproto
    apply = [parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, actions)]
    switch.send_msg(parser.OFPFlowMod(
        switch, priority=priority, match=match, instructions=apply, idle_timeout=idle))


def delete_flows(switch, in_port=None, out_port=None):
    """The flows from a port, or to one; all of them if neither is said."""
    parser, ofproto = switch.ofproto_parser, switch.ofproto
    match = parser.OFPMatch() if in_port is None else parser.OFPMatch(in_port=in_port)
    switch.send_msg(parser.OFPFlowMod(
        switch, command=ofproto.OFPFC_DELETE, match=match,
        out_port=ofproto.OFPP_ANY if out_port is None else out_port, out_group=ofproto.OFPG_ANY))


def send_on(message, in_port, actions):
    switch = message.datapath
    switch.send_msg(switch.ofproto_parser.OFPPacketOut(
        switch, buffer_id=switch.ofproto.OFP_NO_BUFFER, in_port=in_port, actions=actions,
        data=message.data))


def say(kind, what):
    """One JSON line on stdout, for other programs."""
    sys.stdout.write(json.dumps({kind: what}) + "\n")
    sys.stdout.flush()


def main():
    host, _, port = os.environ.get("LISTEN", "127.0.0.1:6653").rpartition(":")
    cfg.CONF(args=[], project="os_ken")
    cfg.CONF.set_override("ofp_listen_host", host)
    cfg.CONF.set_override("ofp_tcp_listen_port", int(port))
    app_manager.AppManager.run_apps(["os_ken.controller.ofp_handler", "policy_switch"])


if __name__ == "__main__":
    main()
