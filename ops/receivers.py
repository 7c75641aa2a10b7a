"""What ops/demo's notifier delivers to: a webhook of Standard Webhooks, the hook of an agent runtime, and a
mail server, all on the loopback. Each arrival is a line or some lines in a file of the folder.
Usage: receivers.py FOLDER    (FOLDER/ports has the ports; ends with SIGTERM)

  webhook.txt  what has arrived and whether its signature is good, by the standardwebhooks library
  hook.txt     the same for the agent's hook
  hook.json    the last of the hook's bodies, for the agent
  mail.txt     each mail: to whom, the subject, the text
"""

import asyncio
import email
import email.policy
import http.server
import json
import pathlib
import signal
import sys
import threading

from aiosmtpd.smtp import SMTP
from standardwebhooks import Webhook, WebhookVerificationError

SECRET_NAME = "webhook.secret"  # in the folder; what the notifier signs with
BODY_MAX_BYTES = 1 << 20


class Folder:
    """Where arrivals are written, one after another."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._lock = threading.Lock()

    def add(self, name, text):
        with self._lock, (self.path / name).open("a") as out:
            out.write(text + "\n")

    def replace(self, name, text):
        part = self.path / (name + ".part")
        with self._lock:
            part.write_text(text)
            part.replace(self.path / name)


def headline(body):
    """A line that says what a webhook is about."""
    data = body.get("data", {})
    return f'{body["type"]}: {data.get("title") or data.get("summary") or ""}'.rstrip(": ")


def receiver(folder, name, keep=None):
    """The class of a server's requests, whose arrivals go to that file."""
    secret = (folder.path / SECRET_NAME).read_text().split()[0]

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), BODY_MAX_BYTES))
            try:
                body = Webhook(secret).verify(raw, dict(self.headers))
            except WebhookVerificationError as error:
                folder.add(name, f"REFUSED: {error}")
                self.send_response(401)
            else:
                folder.add(name, f"{headline(body)} (id {self.headers['webhook-id']}, signature good)")
                if keep:
                    folder.replace(keep, json.dumps(body))
                self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    return Receiver


class Mailbox:
    """Takes every mail."""

    def __init__(self, folder):
        self._folder = folder

    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content().strip()
        self._folder.add("mail.txt", f'To: {mail["To"]}\nSubject: {mail["Subject"]}\n\n{text}\n')
        return "250 taken"


def serve_mail(folder):
    """Starts a mail server; returns its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(Mailbox(folder), hostname="localhost"), "127.0.0.1", 0)
    )
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return server.sockets[0].getsockname()[1]


def serve(handler):
    """Starts a server of that handler; returns its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main():
    folder = Folder(sys.argv[1])
    ports = {
        "webhook": serve(receiver(folder, "webhook.txt")),
        "hook": serve(receiver(folder, "hook.txt", "hook.json")),
        "mail": serve_mail(folder),
    }
    folder.replace("ports", "".join(f"{name}={port}\n" for name, port in ports.items()))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
