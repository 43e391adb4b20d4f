"""gpg has no key to decrypt with."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """gpg: decryption failed: No secret key."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="decrypt_feed",
        bash_command="export GNUPGHOME=$(mktemp -d); cd $GNUPGHOME; "
        "gpg --batch --quiet --passphrase '' --quick-gen-key a@example.org default default never 2>/dev/null; "
        "echo secret | gpg --batch --quiet --trust-model always -r a@example.org -e -o feed.gpg; "
        "mkdir other && chmod 700 other && GNUPGHOME=$GNUPGHOME/other gpg --batch -d feed.gpg; code=$?; "
        "gpgconf --kill all; GNUPGHOME=$GNUPGHOME/other gpgconf --kill all; rm -rf $GNUPGHOME; "
        "echo 'decrypted 0 of 1 files'; exit $code",
    )


FAULT = Fault(
    name="gpg_no_key",
    family="authentication",
    dag_id="feed_decrypt",
    cause="no secret key",
    states="decryption failed: No secret key",
    accepted=("configuration_error", "resource_not_found", "permission"),
    build=build,
    needs=("gpg",),
)
