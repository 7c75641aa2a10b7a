"""A mail server, which may want TLS and a login."""

import socket
import ssl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class MailServer:
    """Keeps what it gets, and knows no nobody@example.com. `tls` is its certificate and key: then it takes mails over
    TLS alone, after STARTTLS or, if it is `wrapped`, from the first byte on. With a `login`, (user, password), it
    takes mails of nobody else."""

    def __init__(self, tls=None, wrapped=False, login=None):
        self.mails, self.refused, self.logins = [], [], []
        self.accept(login)
        options = {}
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            options = {"ssl_context": context} if wrapped else {"tls_context": context, "require_starttls": True}
        if login:
            options |= {"authenticator": self._authenticate, "auth_required": True}
            options |= {"auth_require_tls": bool(tls) and not wrapped}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)

    def accept(self, login):
        """Takes this login from now on, and no other."""
        self.login = login and tuple(text.encode() for text in login)

    def _authenticate(self, server, session, envelope, mechanism, told):
        self.logins.append((told.login, told.password))
        return AuthResult(success=self.logins[-1] == self.login, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            self.refused.append(address)
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return "250 OK"

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()
