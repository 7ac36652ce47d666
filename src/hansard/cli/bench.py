"""`hansard bench`: this machine, the floor, the idiomatic server and the peers, in one table."""

from __future__ import annotations

from pathlib import Path

import click

from hansard.cli import output


@click.command()
@click.option(
    "--quick",
    is_flag=True,
    help="A small store and short rounds, in under two minutes; the same as --size quick.",
)
@click.option(
    "--size",
    type=click.Choice(["quick", "10k", "100k", "full"]),
    default="full",
    help="How much data.  [default: full, a million sessions]",
)
@click.option(
    "--store",
    metavar="URL",
    default="sqlite",
    help="sqlite, or postgresql://USER@HOST/DATABASE whose server may be given databases.",
)
@click.option(
    "--peers/--no-peers",
    default=False,
    help="Measure other products too; they are installed below build/bench.",
)
@click.option(
    "--idiomatic/--no-idiomatic",
    default=True,
    help="Measure the idiomatic server too; it is installed below build/bench.",
)
@click.option("--reuse", is_flag=True, help="Take the data of the last run as it stands.")
@click.option(
    "--only", multiple=True, metavar="CONTEST", help="Run only this contest; can be repeated."
)
@click.option(
    "--soak",
    type=click.FloatRange(0),
    default=0,
    metavar="MINUTES",
    help="Finish with MINUTES of mixed load and report memory growth.",
)
@click.option(
    "--build",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/bench"),
    help="Where data and environments go.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(
    quick: bool,
    size: str,
    store: str,
    peers: bool,
    idiomatic: bool,
    reuse: bool,
    only: tuple[str, ...],
    soak: float,
    build: Path,
    as_json: bool,
) -> int:
    """Run the benchmark: seeded data, each contest against its baselines, one table.

    Needs the bench/ folder of a checkout. The server runs on one core, the load on another. Only
    the build folder and databases named hansard_bench_… are written to.
    """
    try:
        from hansard_bench import peers as known
    except ModuleNotFoundError as problem:
        raise click.ClickException(
            "the benchmark is not part of an installed Hansard: "
            "run 'make bench' in a checkout of the project"
        ) from problem
    from hansard_bench.run import CONTESTS, Options, Run
    from hansard_bench.table import summary

    names = [contest.__name__ for contest in CONTESTS]
    unknown = [name for name in only if name not in names]
    if unknown:
        raise click.UsageError(f"no contest {unknown[0]!r}: choose from {', '.join(names)}")
    options = Options(
        size="quick" if quick else size,
        store=store,
        peers=known.NAMES if peers else (),
        idiomatic=idiomatic,
        reuse=reuse,
        only=only,
        soak=soak,
        build=build,
    )
    report = Run(options, output.note).report()
    if as_json:
        output.document(report)
    else:
        click.echo(summary(report))
    return 0
