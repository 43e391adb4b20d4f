"""`python -m dagnosis` is the command line."""

from dagnosis.cli import main

if __name__ == "__main__":
    main()
