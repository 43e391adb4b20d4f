"""The SFTP server refuses the password."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """paramiko AuthenticationException; its transport logger says Authentication (password) failed."""
    import os

    from lab.authoring import task

    @task
    def pull_from_sftp() -> None:
        import paramiko

        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect(
            "127.0.0.1",
            port=int(os.environ["PARTNER_SSH_PORT"]),
            username="acme",
            password="summer-2025",
            look_for_keys=False,
            allow_agent=False,
        )

    pull_from_sftp()


FAULT = Fault(
    name="ssh_password",
    family="authentication",
    dag_id="sftp_pull",
    cause="SSH password refused",
    states="Authentication failed",
    build=build,
    needs=("ssh",),
)
