"""`python -m dagnosis.logs.training.lines`."""

from dagnosis.logs.training.lines.train import main

if __name__ == "__main__":  # not in the processes that it starts
    main()
