"""Which container is on which OpenFlow port: what `docker ovs serve` tells, kept up to date.

Nothing but the standard library. An event only says that something changed; the attachments
are read whole each time, so that a missed event, a restart of the daemon and the first look
are all the same.
"""

import collections
import http.client
import json
import logging
import threading
import time
import urllib.parse

LOG = logging.getLogger(__name__)

# One interface of one container. `dpid` and `port` are what an OpenFlow switch calls them.
Attachment = collections.namedtuple("Attachment", "container interface dpid port iface mac")


class Containers:
    """Follows a daemon and calls `changed(attachments)`, from a thread of its own, when it must."""

    def __init__(self, url, changed):
        self._at = urllib.parse.urlsplit(url)
        self._changed = changed
        self._attachments = None

    def start(self):
        threading.Thread(target=self._follow, name="docker-ovs", daemon=True).start()

    def _follow(self):
        while True:
            try:
                for _ in self._events():
                    self._look()
            except (OSError, http.client.HTTPException, ValueError) as error:
                LOG.warning("docker-ovs at %s: %s; trying again", self._at.netloc, error)
            time.sleep(0.5)

    def _look(self):
        rows = self._get("/v1/attachments")
        attachments = sorted({attachment(row) for row in rows if row["OFPort"] is not None})
        if attachments != self._attachments:
            self._attachments = attachments
            self._changed(attachments)

    def _get(self, path):
        with self._open(path, timeout=10) as response:
            return json.load(response)

    def _events(self):
        """Yields once when the stream is open, then once for each event (WHATWG HTML, 9.2)."""
        with self._open("/v1/events", timeout=60) as stream:
            yield
            for line in stream:
                if line.startswith(b"data:"):
                    yield

    def _open(self, path, timeout):
        connection = http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=timeout)
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise http.client.HTTPException(f"GET {path}: {response.status}")
        return response


def attachment(row):
    return Attachment(
        row["Container"],
        row["Interface"],
        int(row["DatapathID"], 16),
        row["OFPort"],
        row["Port"],
        row["MAC"],
    )
