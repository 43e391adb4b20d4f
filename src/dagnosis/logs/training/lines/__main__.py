"""`python -m dagnosis.logs.training.lines`."""

import sys

from dagnosis.errors import DagnosisError
from dagnosis.logs.training.lines.train import main

if __name__ == "__main__":  # not in the processes that it starts
    try:
        main()
    except DagnosisError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
