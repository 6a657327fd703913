"""The certificate as a record: the facts that its hash covers, and the evidence behind them.

It writes down what others found; it judges nothing and reads no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from appkit.dates import instant_iso
from appkit.output import json_text, plain
from comparator.certificate.certify import Certified
from comparator.certificate.digests import fills_hash, json_hash
from comparator.certificate.judging import ChargeFinding, Divergence
from comparator.fills import Fill
from comparator.verdict import Thresholds, Verdict

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What the certificate is of: hashes of configuration and tapes (per symbol), and the code.

    `configuration` is `setup_hash`, a tape's is `tape_hash`; `model` says how the backtest filled.
    """

    configuration: str
    code: str
    tapes: Mapping[str, str]
    model: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CertificateRecord:
    """`facts` are of the market and repeat with the run; `evidence` explains them to a reader."""

    facts: Mapping[str, Any]
    evidence: Mapping[str, Any]

    @cached_property
    def sha256(self) -> str:
        """The hash of the facts."""
        return json_hash(self.facts)

    def body(self) -> dict[str, Any]:
        """The whole record as plain JSON values; the hash of the evidence is beside that of it."""
        return {
            "format_version": FORMAT_VERSION,
            "sha256": self.sha256,
            "evidence_sha256": json_hash(self.evidence),
            "facts": plain(self.facts),
            "evidence": plain(self.evidence),
        }

    def text(self) -> str:
        """The whole record as JSON text."""
        return json_text(self.body())


def certificate_of(
    certified: Certified, verdict: Verdict, thresholds: Thresholds, links: Links
) -> CertificateRecord:
    """The record of a comparison. Two runs of the same facts have the same hash."""
    facts = {
        "format_version": FORMAT_VERSION,
        "verdict": verdict.outcome,
        "thresholds": thresholds,
        "allowances": certified.allowances,
        "window": [instant_iso(certified.window.start), instant_iso(certified.window.end)],
        "live": {"fills": len(certified.live), "sha256": fills_hash(certified.live)},
        "backtest": {"fills": len(certified.backtest), "sha256": fills_hash(certified.backtest)},
        "classes": dict(certified.counts.items()),
        "unexamined": certified.unexamined,
        "divergences": [_placed(one) for one in certified.divergences],
        "charges": [_charged(one) for one in certified.charges],
        "links": links,
    }
    evidence = {
        "bounds": certified.bounds,
        "reasons": verdict.reasons,
        "divergences": [
            {
                **_placed(one),
                "text": one.text,
                "facts": dict(one.facts),
                "refused": dict(one.refused),
            }
            for one in certified.divergences
        ],
        "charges": [{**_charged(one), "text": one.text} for one in certified.charges],
    }
    return CertificateRecord(facts=facts, evidence=evidence)


def is_intact(body: Mapping[str, Any]) -> bool:
    """Whether a record that was read back is as it was written: both of its hashes hold."""
    return bool(
        json_hash(body.get("facts")) == body.get("sha256")
        and json_hash(body.get("evidence")) == body.get("evidence_sha256")
    )


def _placed(one: Divergence) -> dict[str, Any]:
    return {"class": one.kind, "live": _identity(one.live), "backtest": _identity(one.backtest)}


def _identity(fill: Fill | None) -> dict[str, Any] | None:
    if fill is None:
        return None
    return {
        "client_order_id": fill.client_order_id,
        "occurrence": fill.occurrence,
        "symbol": fill.symbol,
        "at": instant_iso(fill.at),
    }


def _charged(one: ChargeFinding) -> dict[str, Any]:
    charge = one.charge
    return {
        "class": one.kind,
        "symbol": charge.symbol,
        "direction": charge.direction,
        "at": instant_iso(charge.at),
        "qty": charge.qty,
        "price": charge.price,
        "rate": charge.rate,
        "amount": charge.amount,
    }
