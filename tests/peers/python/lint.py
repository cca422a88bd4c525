"""Asks pkilint's ETSI linter what it finds in certificates, for the tests of segl.

Reads one JSON request a line from standard input and answers each with one JSON line, until the input ends:

    {"file": "a.cer"}

It does what `lint_etsi_cert lint --detect` does: it takes the type of the certificate from its policies and statements, and
leaves out what a rule of more weight says already. The type is in the answer, in pkilint's words. One start serves many files.
"""

import json
import sys

from pkilint import etsi, finding_filter, loader
from pkilint.pkix import certificate


def findings(path):
    with open(path, "rb") as file:
        document = loader.RFC5280CertificateDocumentLoader().load_der_file(file, path)
    kind = etsi.determine_certificate_type(document)
    validator = certificate.create_pkix_certificate_validator_container(
        etsi.create_decoding_validators(kind), etsi.create_validators(kind)
    )
    results, _ = finding_filter.filter_results(
        etsi.create_etsi_finding_filters(kind), validator.validate(document.root)
    )
    return kind.to_option_str, [
        {
            "severity": description.finding.severity.name,
            "code": description.finding.code,
            "place": result.node.path,
        }
        for result in results
        for description in result.finding_descriptions
    ]


def answer(request):
    try:
        kind, found = findings(request["file"])
        return {"kind": kind, "findings": found}
    except Exception as error:  # what cannot be read is an answer too
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
