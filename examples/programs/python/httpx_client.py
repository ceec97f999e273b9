"""Calls the mesh with httpx, once for each path on standard input, and prints a line with the status and the body.

    echo /schedule/events | python httpx_client.py
"""

import sys

import httpx
from client_files import ssl_context

MESH = "https://mesh.example.com"

context = None
client = None


def current_client() -> httpx.Client:
    """A client keeps its connections, and with them their certificate. A new certificate gets a new client."""
    global context, client
    if context is not ssl_context():
        context = ssl_context()
        # Requests in progress end on the old client. Python closes its connections after the last one.
        client = httpx.Client(base_url=MESH, verify=context, timeout=10)
    return client


for path in sys.stdin:
    try:
        response = current_client().get(path.strip())
        print(response.status_code, response.text, flush=True)
    except httpx.HTTPError as error:
        print("failed:", error, flush=True)
