"""git is asked for a user name."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """fatal: could not read Username, terminal prompts disabled."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="clone_models",
        bash_command="cd $(mktemp -d) && GIT_TERMINAL_PROMPT=0 "
        "git clone --progress $PARTNER_URL/git/acme/models.git; code=$?; "
        'echo "models: 0 files"; exit $code',
    )


FAULT = Fault(
    name="git_clone",
    family="authentication",
    dag_id="models_clone",
    cause="git has no credentials for the server",
    states="could not read Username",
    accepted=("configuration_error",),
    build=build,
    needs=("git", "web"),
    twin=True,
)
