import java.io.FileInputStream;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;

/**
 * Reads or verifies certificates with java.security.cert, for the tests beside this file.
 *
 * <pre>
 * fields FILE...                                  JSON: the fields of each certificate
 * verify ROOT SUBORDINATE LEAF LIST ROOTS_LIST    fails unless the chain verifies and the lists revoke nothing of it
 * </pre>
 */
public class Judge {
  private static final Map<String, String> NAMES =
      Map.of("CN", "2.5.4.3", "C", "2.5.4.6", "L", "2.5.4.7", "ST", "2.5.4.8", "O", "2.5.4.10", "OU", "2.5.4.11");

  public static void main(String[] arguments) throws Exception {
    List<String> files = List.of(arguments).subList(1, arguments.length);
    if (arguments[0].equals("fields")) {
      List<String> all = new ArrayList<>();
      for (String file : files) all.add(fields(certificate(file)));
      System.out.println(all);
    } else {
      verify(certificate(files.get(0)), certificate(files.get(1)), certificate(files.get(2)), files.subList(3, 5));
    }
  }

  private static void verify(X509Certificate root, X509Certificate subordinate, X509Certificate leaf, List<String> lists)
      throws Exception {
    X509CertSelector target = new X509CertSelector();
    target.setCertificate(leaf);
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(Set.of(new TrustAnchor(root, null)), target);
    List<Object> store = new ArrayList<>(List.of(subordinate, leaf));
    for (String list : lists) store.add(list(list));
    parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(store)));
    CertPathBuilder builder = CertPathBuilder.getInstance("PKIX");
    PKIXRevocationChecker checker = (PKIXRevocationChecker) builder.getRevocationChecker();
    checker.setOptions(EnumSet.of(
        PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
    parameters.addCertPathChecker(checker);
    builder.build(parameters);
    System.out.println("valid");
  }

  private static String fields(X509Certificate read) throws Exception {
    List<String> extensions = new ArrayList<>();
    for (String oid : read.getCriticalExtensionOIDs()) extensions.add(oid + " critical");
    extensions.addAll(read.getNonCriticalExtensionOIDs());
    List<String> purposes = read.getExtendedKeyUsage();
    int pathLength = read.getBasicConstraints();
    List<String> fields = new ArrayList<>(List.of(
        field("serialNumber", text(read.getSerialNumber().toString(16))),
        field("issuer", name(read.getIssuerX500Principal())),
        field("subject", name(read.getSubjectX500Principal())),
        field("notBefore", text(read.getNotBefore().toInstant().toString())),
        field("notAfter", text(read.getNotAfter().toInstant().toString())),
        field("publicKey", text(HexFormat.of().formatHex(read.getPublicKey().getEncoded()))),
        field("isAuthority", String.valueOf(pathLength >= 0)),
        field("keyUsage", String.valueOf(bits(read.getKeyUsage()))),
        field("isForClients", String.valueOf(purposes != null && purposes.contains("1.3.6.1.5.5.7.3.2"))),
        field("uris", alternativeNames(read, 6)),
        field("dnsNames", alternativeNames(read, 2)),
        field("extensions", texts(extensions.stream()))));
    if (pathLength >= 0 && pathLength < Integer.MAX_VALUE) fields.add(field("pathLength", String.valueOf(pathLength)));
    return "{" + String.join(",", fields) + "}";
  }

  private static String alternativeNames(X509Certificate read, int type) throws Exception {
    var names = read.getSubjectAlternativeNames();
    if (names == null) return "[]";
    return texts(names.stream().filter(name -> name.get(0).equals(type)).map(name -> (String) name.get(1)));
  }

  /** The first part of a name is the last one in RFC 2253. */
  private static String name(X500Principal principal) throws Exception {
    List<String> parts = new ArrayList<>();
    for (Rdn part : new LdapName(principal.getName(X500Principal.RFC2253)).getRdns()) {
      parts.add("[" + text(NAMES.get(part.getType())) + "," + text((String) part.getValue()) + "]");
    }
    return parts.toString();
  }

  /** The first bit is the lowest, as in crypto/x509. */
  private static int bits(boolean[] usage) {
    int bits = 0;
    for (int index = 0; index < usage.length; index++) if (usage[index]) bits |= 1 << index;
    return bits;
  }

  private static String field(String name, String value) {
    return text(name) + ":" + value;
  }

  private static String texts(java.util.stream.Stream<String> values) {
    return values.map(Judge::text).collect(Collectors.joining(",", "[", "]"));
  }

  /** JSON in ASCII, so that it is the same in every locale. */
  private static String text(String value) {
    StringBuilder json = new StringBuilder("\"");
    for (char one : value.toCharArray()) json.append(String.format("\\u%04x", (int) one));
    return json.append('"').toString();
  }

  private static X509Certificate certificate(String file) throws Exception {
    try (FileInputStream stream = new FileInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
    }
  }

  private static X509CRL list(String file) throws Exception {
    try (FileInputStream stream = new FileInputStream(file)) {
      return (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(stream);
    }
  }
}
