import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.time.Duration;
import java.util.Arrays;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.wildfly.security.auth.server.SecurityDomain;
import org.wildfly.security.auth.server.ServerAuthenticationContext;

/**
 * Tells the caller its name, and at /schedule what the mesh answers to the application itself, which is a client of it.
 *
 * <pre>
 * modules=modules/system/layers/base
 * javac -cp "$modules/jakarta/servlet/api/main/*:$modules/org/wildfly/security/elytron-base/main/*" \
 *   -d WEB-INF/classes ScheduleServlet.java
 * </pre>
 */
@WebServlet("/*")
public class ScheduleServlet extends HttpServlet {
  private static final String SCHEDULE = "https://mesh.example.com/schedule";
  private static final String SPIFFE_IDS = "spiffe://mesh.example.com/";
  /** Has the key, the certificate, and the chain, and is replaced as one. */
  private static final Path KEY_STORE = Path.of("/etc/mtls-mesh/mail/keystore.p12");

  private byte[] contents;
  private HttpClient client;

  /** A client keeps its connections and sessions, and with them their certificate. A new certificate gets a new client. */
  private synchronized HttpClient currentClient() throws IOException, GeneralSecurityException {
    try {
      byte[] read = Files.readAllBytes(KEY_STORE);
      if (!Arrays.equals(read, contents)) {
        // Requests in progress end on the old client. Java closes it after the last one.
        client = HttpClient.newBuilder().sslContext(contextOf(read)).connectTimeout(Duration.ofSeconds(10)).build();
        contents = read;
      }
    } catch (IOException | GeneralSecurityException e) {
      if (client == null) throw e;
      log("the client goes on with its certificate", e);
    }
    return client;
  }

  private static SSLContext contextOf(byte[] keyStore) throws IOException, GeneralSecurityException {
    char[] password = System.getenv("STORE_PASSWORD").toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(keyStore), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null); // The second is whom to trust: null for the machine's authorities.
    return context;
  }

  /** WildFly doesn't ask the realm again while a connection is open. This does, so that a removed identity is out at once. */
  private static boolean isAdmitted(Principal caller) throws IOException {
    try (ServerAuthenticationContext context = SecurityDomain.getCurrent().createNewAuthenticationContext()) {
      context.setAuthenticationPrincipal(caller);
      return context.exists();
    }
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException, ServletException {
    if (isAdmitted(request.getUserPrincipal())) super.service(request, response);
    else response.sendError(HttpServletResponse.SC_FORBIDDEN);
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException, ServletException {
    response.setContentType("text/plain");
    if (!"/schedule".equals(request.getPathInfo())) {
      // The realm admits nobody else.
      response.getWriter().print(request.getRemoteUser().substring(SPIFFE_IDS.length()));
      return;
    }
    try {
      HttpRequest call = HttpRequest.newBuilder(URI.create(SCHEDULE)).timeout(Duration.ofSeconds(10)).build();
      HttpResponse<String> answer = currentClient().send(call, BodyHandlers.ofString());
      response.getWriter().print("the schedule answers " + answer.statusCode() + " " + answer.body());
    } catch (GeneralSecurityException | InterruptedException e) {
      throw new ServletException(e);
    }
  }
}
