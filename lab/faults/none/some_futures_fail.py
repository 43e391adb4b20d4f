"""Some parallel jobs fail and are left out."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Tracebacks of futures, below the tolerated share."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.parallel")

    @task
    def thumbnail_all() -> int:
        from concurrent.futures import ThreadPoolExecutor

        def thumbnail(number: int) -> int:
            if number % 9 == 4:
                raise ValueError(f"image {number}: unsupported colour profile")
            return number

        done = 0
        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(thumbnail, n) for n in range(30)]:
                try:
                    future.result()
                    done += 1
                except ValueError:
                    log.exception("left out")
        log.info("%d of 30 done, 3 failed, tolerance 15 %%", done)
        return done

    thumbnail_all()


FAULT = Fault(
    name="some_futures_fail",
    family="none",
    dag_id="thumbnails",
    cause="none: a tolerated share of failures",
    states=None,
    build=build,
    twin=True,
)
