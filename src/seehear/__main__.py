"""`python -m seehear` is the command `seehear`."""

from seehear.surfaces.cli import main

if __name__ == "__main__":
    main()
