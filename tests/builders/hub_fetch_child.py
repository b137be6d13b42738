"""A process that fetches, to be killed: `python -m tests.builders.hub_fetch_child URL REPO FOLDER`. Prints "right" when
every file is there."""

from __future__ import annotations

import sys
from pathlib import Path

from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.fetch.fetch import Fetch
from modelyard.hub.look import list_repository
from modelyard.hub.session import Session


def main() -> None:
    url, repository, folder = sys.argv[1:]
    with Session(endpoint_at(url)) as session:
        listing = list_repository(session, repository)
        with Fetch(session, listing, listing.files, Path(folder), lambda _: None) as job:
            job.wait()
    print("right", flush=True)


if __name__ == "__main__":
    main()
