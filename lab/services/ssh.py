"""An SSH server on loopback that refuses each key and password (needs paramiko, so runs in
Airflow's Python: `python -m lab.services.ssh PORT`)."""

from __future__ import annotations

import socket
import sys
from threading import Thread

import paramiko


class _Refusing(paramiko.ServerInterface):  # type: ignore[misc]
    def get_allowed_auths(self, username: str) -> str:
        """Offer the usual two."""
        return "password,publickey"


def _serve(client: socket.socket, key: paramiko.PKey) -> None:
    transport = paramiko.Transport(client)
    transport.add_server_key(key)
    try:
        transport.start_server(server=_Refusing())
        transport.join(20)
    except (paramiko.SSHException, EOFError):
        transport.close()


def main() -> None:
    """Serve until killed."""
    key = paramiko.RSAKey.generate(2048)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        client, _ = listener.accept()
        Thread(target=_serve, args=(client, key), daemon=True).start()


if __name__ == "__main__":
    main()
