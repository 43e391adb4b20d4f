"""The mail server refuses the login."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SMTPAuthenticationError 535 from a server in a thread of the task."""
    from lab.authoring import task

    @task
    def mail_report() -> None:
        import smtplib
        import socket
        from threading import Thread

        listener = socket.create_server(("127.0.0.1", 0))

        def refuse() -> None:
            client, _ = listener.accept()
            reader = client.makefile("rb")
            client.sendall(b"220 mail.acme.example ESMTP\r\n")
            for line in reader:
                if line.upper().startswith(b"EHLO"):
                    client.sendall(b"250-mail.acme.example\r\n250 AUTH PLAIN LOGIN\r\n")
                else:
                    client.sendall(
                        b"535 5.7.8 Error: authentication failed: bad username or password\r\n"
                    )

        Thread(target=refuse, daemon=True).start()
        with smtplib.SMTP("127.0.0.1", listener.getsockname()[1], timeout=5) as server:
            server.login("reports", "summer-2025")

    mail_report()


FAULT = Fault(
    name="node_mail",
    family="authentication",
    dag_id="report_mail",
    cause="SMTP login refused (535)",
    states="authentication failed: bad username or password",
    build=build,
    twin=True,
)
