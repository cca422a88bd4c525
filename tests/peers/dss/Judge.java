import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlDigestMatcher;
import eu.europa.esig.dss.enumerations.KeyUsageBit;
import eu.europa.esig.dss.enumerations.OidDescription;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.model.x509.extension.CertificateExtensions;
import eu.europa.esig.dss.model.x509.extension.CertificatePolicy;
import eu.europa.esig.dss.model.x509.extension.PSD2QcType;
import eu.europa.esig.dss.model.x509.extension.QCLimitValue;
import eu.europa.esig.dss.model.x509.extension.QcStatements;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.CertificateExtensionsUtils;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CertificateVerifier;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.ExternalResourcesOCSPSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Asks EU DSS what it thinks of signed files, for the tests of segl.
 *
 * <p>Reads one JSON request a line from standard input and answers each with one JSON line, until the input ends, so that many
 * files cost one start of a virtual machine:
 *
 * <pre>{"file": "a.pdf", "time": "2026-11-22T03:30:00Z", "trust": ["root.cer"], "revocation": ["root.crl", "seal.ors"]}</pre>
 *
 * <p>The policy is the default of DSS. Nothing is fetched from the network: what is neither in the file nor in the request is
 * missing. Names in {@code revocation} that end in {@code .crl} are CRLs, all others OCSP responses.
 *
 * <p>With {@code "certificate": true} the file is a certificate, which is not judged: the answer says what DSS reads in it.
 */
public final class Judge {

    /** What is asked about one file. */
    public record Request(
            String file, String time, List<String> trust, List<String> revocation, boolean certificate) {}

    private static final ObjectMapper JSON = new ObjectMapper()
            .setSerializationInclusion(JsonInclude.Include.NON_NULL)
            // Other judges are asked with the same requests, which have more to say to them.
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // DSS and its libraries may print; only answers belong on standard output.
        System.setOut(System.err);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            answers.println(JSON.writeValueAsString(answer(line)));
        }
    }

    private static Map<String, Object> answer(String line) {
        Map<String, Object> answer = new LinkedHashMap<>();
        try {
            Request request = JSON.readValue(line, Request.class);
            answer.put("file", request.file());
            if (request.certificate()) {
                answer.put("certificate", describe(DSSUtils.loadCertificate(new File(request.file()))));
            } else {
                judge(request, answer);
            }
        } catch (Exception | StackOverflowError refusal) {
            // A refused file is an answer too: tests feed broken ones on purpose.
            answer.put("error", refusal.getClass().getSimpleName() + ": " + refusal.getMessage());
        }
        return answer;
    }

    private static void judge(Request request, Map<String, Object> answer) {
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(request.file()));
        validator.setCertificateVerifier(verifier(request));
        validator.setValidationTime(Date.from(Instant.parse(request.time())));
        Reports reports = validator.validateDocument();
        SimpleReport verdicts = reports.getSimpleReport();
        DiagnosticData facts = reports.getDiagnosticData();

        List<Object> signatures = new ArrayList<>();
        for (SignatureWrapper signature : facts.getSignatures()) {
            signatures.add(describe(signature, verdicts));
        }
        answer.put("signatures", signatures);
        List<Object> timestamps = new ArrayList<>();
        for (TimestampWrapper timestamp : facts.getTimestampList()) {
            timestamps.add(describe(timestamp, verdicts));
        }
        answer.put("timestamps", timestamps);
    }

    private static CertificateVerifier verifier(Request request) {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        for (String path : orEmpty(request.trust())) {
            anchors.addCertificate(DSSUtils.loadCertificate(new File(path)));
        }
        List<DSSDocument> lists = new ArrayList<>();
        List<DSSDocument> responses = new ArrayList<>();
        for (String path : orEmpty(request.revocation())) {
            (path.endsWith(".crl") ? lists : responses).add(new FileDocument(path));
        }
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(anchors);
        verifier.setAIASource(null);
        verifier.setCrlSource(lists.isEmpty() ? null : new ExternalResourcesCRLSource(lists.toArray(DSSDocument[]::new)));
        verifier.setOcspSource(
                responses.isEmpty() ? null : new ExternalResourcesOCSPSource(responses.toArray(DSSDocument[]::new)));
        return verifier;
    }

    private static Map<String, Object> describe(SignatureWrapper signature, SimpleReport verdicts) {
        String id = signature.getId();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", id);
        fields.put("format", String.valueOf(signature.getSignatureFormat()));
        fields.put("indication", text(verdicts.getIndication(id)));
        fields.put("subIndication", text(verdicts.getSubIndication(id)));
        fields.put("signatureIntact", signature.isSignatureIntact());
        fields.put("referencesIntact", allIntact(signature.getDigestMatchers()));
        fields.put("signedBy", verdicts.getSignedBy(id));
        fields.put("claimedSigningTime", text(signature.getClaimedSigningTime()));
        fields.put("bestSignatureTime", text(verdicts.getBestSignatureTime(id)));
        fields.put("timestamps", signature.getTimestampIdsList());
        if (signature.getPDFRevision() != null) {
            fields.put("pdfFields", signature.getPDFRevision().getSignatureFieldNames());
            fields.put("byteRangeValid", signature.getPDFRevision().isSignatureByteRangeValid());
            fields.put("undefinedChanges", signature.getPDFRevision().getPdfUndefinedChanges().size());
        }
        putMessages(fields, id, verdicts);
        return fields;
    }

    private static Map<String, Object> describe(TimestampWrapper timestamp, SimpleReport verdicts) {
        String id = timestamp.getId();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", id);
        fields.put("type", text(timestamp.getType()));
        fields.put("time", text(timestamp.getProductionTime()));
        fields.put("indication", text(verdicts.getIndication(id)));
        fields.put("subIndication", text(verdicts.getSubIndication(id)));
        fields.put("signatureIntact", timestamp.isSignatureIntact());
        fields.put("imprintIntact", timestamp.isMessageImprintDataFound() && timestamp.isMessageImprintDataIntact());
        putMessages(fields, id, verdicts);
        return fields;
    }

    private static Map<String, Object> describe(CertificateToken certificate) {
        CertificateExtensions extensions = CertificateExtensionsUtils.getCertificateExtensions(certificate);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("keyUsage", certificate.getKeyUsageBits().stream().map(KeyUsageBit::getValue).toList());
        fields.put("purposes", extensions.getExtendedKeyUsage() == null
                ? List.of() : extensions.getExtendedKeyUsage().getOids());
        fields.put("policies", extensions.getCertificatePolicies() == null ? List.of()
                : extensions.getCertificatePolicies().getPolicyList().stream().map(CertificatePolicy::getOid).toList());
        fields.put("crlUrls", CertificateExtensionsUtils.getCRLAccessUrls(certificate));
        fields.put("ocspUrls", CertificateExtensionsUtils.getOCSPAccessUrls(certificate));
        fields.put("caIssuersUrls", CertificateExtensionsUtils.getCAIssuersAccessUrls(certificate));
        fields.put("ocspNoCheck", CertificateExtensionsUtils.hasOcspNoCheckExtension(certificate));
        fields.put("validityAssured", CertificateExtensionsUtils.hasValAssuredShortTermCertsExtension(certificate));
        fields.put("noRevAvail", extensions.getNoRevAvail() != null);
        if (extensions.getQcStatements() != null) {
            fields.put("statements", describe(extensions.getQcStatements()));
        }
        return fields;
    }

    private static Map<String, Object> describe(QcStatements statements) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("compliance", statements.isQcCompliance());
        fields.put("qualifiedDevice", statements.isQcQSCD());
        fields.put("types", orEmpty(statements.getQcTypes()).stream().map(OidDescription::getOid).toList());
        fields.put("disclosureStatements", orEmpty(statements.getQcEuPDS()).stream()
                .map(location -> List.of(location.getLanguage(), location.getUrl())).toList());
        QCLimitValue limit = statements.getQcLimitValue();
        if (limit != null) {
            fields.put("limit", Map.of("currency", limit.getCurrency(),
                    "amount", limit.getAmount(), "exponent", limit.getExponent()));
        }
        fields.put("retentionYears", statements.getQcEuRetentionPeriod());
        fields.put("legislation", orEmpty(statements.getQcLegislationCountryCodes()));
        fields.put("deviceLegislation", orEmpty(statements.getQcQSCDLegislationCountryCodes()));
        fields.put("semantics", oid(statements.getQcSemanticsIdentifier()));
        fields.put("identification", oid(statements.getQcIdentMethod()));
        PSD2QcType services = statements.getPsd2QcType();
        if (services != null) {
            fields.put("paymentServices", Map.of(
                    "roles", services.getRolesOfPSP().stream()
                            .map(role -> List.of(role.getPspOid().getOid(), role.getPspName())).toList(),
                    "authorityName", services.getNcaName(),
                    "authorityId", services.getNcaId()));
        }
        fields.put("other", orEmpty(statements.getOtherOids()));
        return fields;
    }

    private static String oid(OidDescription known) {
        return known == null ? null : known.getOid();
    }

    private static void putMessages(Map<String, Object> fields, String id, SimpleReport verdicts) {
        fields.put("errors", texts(verdicts.getAdESValidationErrors(id)));
        fields.put("warnings", texts(verdicts.getAdESValidationWarnings(id)));
    }

    private static boolean allIntact(List<XmlDigestMatcher> references) {
        return !references.isEmpty()
                && references.stream().allMatch(reference -> reference.isDataFound() && reference.isDataIntact());
    }

    private static List<String> texts(List<Message> messages) {
        return messages.stream().map(message -> message.getKey() + ": " + message.getValue()).toList();
    }

    /** Times as RFC 3339, enumerations by their standard name. */
    private static String text(Object value) {
        if (value instanceof Date date) {
            return date.toInstant().toString();
        }
        return value == null ? null : ((Enum<?>) value).name();
    }

    private static <T> List<T> orEmpty(List<T> list) {
        return list == null ? List.of() : list;
    }
}
