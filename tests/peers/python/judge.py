"""Asks pyHanko what it thinks of sealed PDF files, for the tests of segl.

Reads one JSON request a line from standard input and answers each with one JSON line, until the input ends:

    {"file": "a.pdf", "time": "2026-11-22T03:30:00Z", "trust": ["root.cer"]}

Every signature goes through pyHanko's EN 319 102-1 process for signatures with archival data, at the given time, with the
given certificates as the only anchors and without a network. Status is asked for where a certificate names a place for it
(so that a validity-assured certificate needs none), and its age is not judged: the commands of pyHanko do that, and this
is for the years after.

pyHanko's past validation reads the machine's clock besides the given time: with a clock past the end of the seal's
certificate it does not find its way back to a proof of existence that is there. A request may therefore name a `clock`,
for example the minute after sealing. It is no judge of refusals: it overlooks status older than the certificate.
"""

import asyncio
import contextlib
import json
import sys
from datetime import datetime, timedelta

import time_machine
from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import ades, policy_decl
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    FreshnessReqType,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager


def certificate(path):
    with open(path, "rb") as file:
        data = file.read()
    if pem.detect(data):
        _, _, data = pem.unarmor(data)
    return x509.Certificate.load(data)


def specification(anchors):
    status = RevocationCheckingPolicy(
        ee_certificate_rule=RevocationCheckingRule.CHECK_IF_DECLARED,
        intermediate_ca_cert_rule=RevocationCheckingRule.CHECK_IF_DECLARED,
    )
    path = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=anchors),
        revinfo_policy=CertRevTrustPolicy(
            status,
            freshness=timedelta(days=4500),
            freshness_req_type=FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION,
        ),
    )
    return policy_decl.PdfSignatureValidationSpec(
        policy_decl.SignatureValidationSpec(
            cert_validation_policy=path,
            revinfo_gathering_policy=policy_decl.RevocationInfoGatheringSpec(
                online_fetching_rule=policy_decl.RevinfoOnlineFetchingRule.LOCAL_ONLY
            ),
        )
    )


async def judge(signature, spec, time):
    timing = ValidationTimingInfo(
        validation_time=time, best_signature_time=time, point_in_time_validation=True
    )
    result = await ades.ades_lta_validation(signature, spec, timing)
    status = result.api_status
    verdict = result.ades_subindic
    return {
        "field": signature.field_name,
        "indication": verdict.status.name,
        "subIndication": None if verdict.status.name == "PASSED" else verdict.name,
        "intact": bool(status and status.intact),
        "valid": bool(status and status.valid),
        "trusted": bool(status and status.trusted),
        "bottomLine": bool(status and status.bottom_line),
        "coverage": status.coverage.name if status and status.coverage else None,
        "bestSignatureTime": result.best_signature_time.isoformat(),
        "message": result.failure_msg,
    }


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def clock(request):
    if request.get("clock") is None:
        return contextlib.nullcontext()
    return time_machine.travel(instant(request["clock"]), tick=False)


async def answer(request):
    time = instant(request["time"])
    spec = specification([certificate(path) for path in request.get("trust", [])])
    with open(request["file"], "rb") as file:
        reader = PdfFileReader(file)
        return [await judge(signature, spec, time) for signature in reader.embedded_regular_signatures]


def main():
    for line in sys.stdin:
        request = json.loads(line)
        reply = {"file": request["file"]}
        try:
            with clock(request):
                reply["signatures"] = asyncio.run(answer(request))
        except Exception as refusal:  # A refused file is an answer too: tests feed broken ones on purpose.
            reply["error"] = f"{type(refusal).__name__}: {refusal}"
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
