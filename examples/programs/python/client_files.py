"""The client's key and certificate, for both programs in this directory."""

import ssl
import sys

# One file has the key, the certificate, and the chain, and is replaced as one. Two files can be of two generations.
BUNDLE = "/etc/mtls-mesh/mail/bundle.pem"

_bundle = b""
_context = None


def ssl_context() -> ssl.SSLContext:
    """The same context until the certificate is rotated.

    A rotation makes a new context. A second `load_cert_chain` on the old one is not safe: if key and certificate don't
    match, the context is left without both, and presents nothing.
    """
    global _bundle, _context
    try:
        with open(BUNDLE, "rb") as file:
            bundle = file.read()
        if bundle != _bundle:
            context = ssl.create_default_context()
            context.load_cert_chain(BUNDLE)  # Raises unless the key belongs to the certificate.
            _bundle, _context = bundle, context
    except (OSError, ssl.SSLError) as error:
        if _context is None:
            raise
        print(f"the client goes on with its certificate: {error}", file=sys.stderr)
    return _context
