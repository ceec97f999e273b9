"""Calls the mesh with requests, once for each path on standard input, and prints a line with the status and the body.

    echo /schedule/events | python requests_client.py
"""

import sys

import requests
from client_files import ssl_context
from requests.adapters import HTTPAdapter

MESH = "https://mesh.example.com"


class MeshAdapter(HTTPAdapter):
    """Makes connections with a context, which decides which servers to trust and what to present to them."""

    def __init__(self, context):
        self.context = context
        super().__init__()

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, ssl_context=self.context, **options)

    def cert_verify(self, conn, url, verify, cert):
        """Otherwise requests adds the authorities of certifi, or of REQUESTS_CA_BUNDLE, to the context."""


context = None
session = None


def current_session() -> requests.Session:
    """A session keeps its connections, and with them their certificate. A new certificate gets a new session."""
    global context, session
    if context is not ssl_context():
        context = ssl_context()
        # Requests in progress end on the old session. Python closes it after the last one.
        session = requests.Session()
        session.mount(MESH, MeshAdapter(context))
    return session


for path in sys.stdin:
    try:
        response = current_session().get(MESH + path.strip(), timeout=10)
        print(response.status_code, response.text, flush=True)
    except requests.RequestException as error:
        print("failed:", error, flush=True)
