"""Three of five parallel parts fail, each in its own way."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """An ExceptionGroup from asyncio.TaskGroup with several members."""
    from lab.authoring import task

    @task
    def fan_out_parts() -> None:
        import asyncio

        async def part(number: int) -> int:
            await asyncio.sleep(0.05)
            if number == 2:
                return int(undefined_total)  # noqa: F821
            if number == 3:
                raise asyncio.CancelledError
            return number

        async def everything() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(5):
                    group.create_task(part(number))

        asyncio.run(everything())

    fan_out_parts()


FAULT = Fault(
    name="group_of_members",
    family="code_error",
    dag_id="parallel_parts",
    cause="NameError in one member of a TaskGroup",
    states="name 'undefined_total' is not defined",
    note="the outer message is only 'unhandled errors in a TaskGroup (1 sub-exception)'",
    build=build,
)
