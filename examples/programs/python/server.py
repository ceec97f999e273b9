"""A service that admits only the clients of the mesh, and tells each its name."""

import re
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "0.0.0.0"
PORT = 8443
CERTIFICATE = "/etc/mtls-mesh/server/certificate.pem"
PRIVATE_KEY = "/etc/mtls-mesh/server/private-key.pem"
CLIENT_AUTHORITIES = "/etc/mtls-mesh/mail/client-ca.pem"
TRUST_DOMAIN = "mesh.example.com"


class MeshServer(ThreadingHTTPServer):
    """Looks at its files for each connection, so that new ones are in effect at once."""

    files = None
    context = None

    def current_context(self) -> ssl.SSLContext:
        """A new context for new files. It also forgets the sessions of authorities that have left."""
        try:
            files = [open(path, "rb").read() for path in (CERTIFICATE, PRIVATE_KEY, CLIENT_AUTHORITIES)]
            if files != self.files:
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=CLIENT_AUTHORITIES)
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_cert_chain(CERTIFICATE, PRIVATE_KEY)  # Raises unless they belong together.
                self.files, self.context = files, context
        except (OSError, ssl.SSLError) as error:
            if self.context is None:
                raise
            print(f"the server goes on with its files: {error}", file=sys.stderr)
        return self.context

    def get_request(self):
        connection, address = super().get_request()
        # The handshake is made in the thread of the connection: a slow client would hold up all others here.
        options = {"server_side": True, "do_handshake_on_connect": False}
        return self.current_context().wrap_socket(connection, **options), address

    def handle_error(self, request, client_address):
        print(f"{client_address[0]}: {sys.exc_info()[1]}", file=sys.stderr)


class MeshHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds, also of the handshake

    def setup(self):
        super().setup()
        self.connection.do_handshake()

    def client_name(self):
        """The client in the SPIFFE ID, which is the only name in the certificate. None for another certificate."""
        names = self.connection.getpeercert().get("subjectAltName", ())
        if len(names) != 1 or names[0][0] != "URI":
            return None
        found = re.fullmatch(f"spiffe://{re.escape(TRUST_DOMAIN)}/([a-z0-9-]+)", names[0][1])
        return found and found[1]

    def do_GET(self):
        name = self.client_name()
        body = (name or "not a client of this mesh").encode()
        self.send_response(200 if name else 403)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Not a line for each request."""


server = MeshServer((HOST, PORT), MeshHandler)
server.current_context()  # Raises now if a file is missing.
server.serve_forever()
