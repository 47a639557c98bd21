"""A subscriber in lines, for people."""

from typing import Any

from digest.cli.tables import table


def ties_in_brief(person: dict[str, Any]) -> str:
    """What they subscribe to, on one line."""
    return ", ".join(f"{tie['newsletter']} ({tie['status']})" for tie in person["subscriptions"])


def described(person: dict[str, Any]) -> list[str]:
    """The person, and each of their subscriptions."""
    facts = [("address", person["email"])]
    facts += [(key, person[key]) for key in ("name", "timezone", "language") if person[key]]
    facts.append(("since", f"{person['created']:%Y-%m-%d}"))
    if stop := person["suppression"]:
        told = f", {stop['note']}" if stop["note"] else ""
        facts.append(("suppressed", f"{stop['reason']} since {stop['created']:%Y-%m-%d}{told}"))
    for tie in person["subscriptions"]:
        sections = "; ".join(tie["sections"]) if tie["sections"] else "all sections"
        facts.append((tie["newsletter"], f"{tie['status']}, {sections}"))
    return table(facts)


def history(person: dict[str, Any]) -> list[str]:
    """What they were sent, each with what became of it."""
    lines = table(
        (f"{row['date']}", f"{row['newsletter']} No. {row['number']:,}", row["said"])
        for row in person["deliveries"]
    )
    return ["", *lines] if lines else ["no deliveries yet"]
