import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Calls the mesh with each path on standard input, and prints a line with the status and the body.
 *
 * <pre>echo /schedule/events | java Client.java</pre>
 */
public class Client {
  private static final String MESH = "https://mesh.example.com";
  /** Has the key, the certificate, and the chain, and is replaced as one. */
  private static final Path KEY_STORE = Path.of("/etc/mtls-mesh/mail/keystore.p12");
  private static final Path PASSWORD = Path.of("/etc/mtls-mesh/password");

  private static byte[] contents;
  private static HttpClient client;

  /** A client keeps its connections and sessions, and with them their certificate. A new certificate gets a new client. */
  private static synchronized HttpClient currentClient() throws IOException, GeneralSecurityException {
    try {
      byte[] read = Files.readAllBytes(KEY_STORE);
      if (!Arrays.equals(read, contents)) {
        // Requests in progress end on the old client. Java closes it after the last one.
        client = HttpClient.newBuilder().sslContext(contextOf(read)).connectTimeout(Duration.ofSeconds(10)).build();
        contents = read;
      }
    } catch (IOException | GeneralSecurityException e) {
      if (client == null) throw e;
      System.err.println("the client goes on with its certificate: " + e);
    }
    return client;
  }

  private static SSLContext contextOf(byte[] keyStore) throws IOException, GeneralSecurityException {
    char[] password = Files.readString(PASSWORD).strip().toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(keyStore), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null); // The second is whom to trust: null for the machine's authorities.
    return context;
  }

  private static String get(String path) {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(MESH + path)).timeout(Duration.ofSeconds(10)).build();
      HttpResponse<String> response = currentClient().send(request, BodyHandlers.ofString());
      return response.statusCode() + " " + response.body();
    } catch (IOException | GeneralSecurityException | InterruptedException e) {
      return "failed: " + e;
    }
  }

  public static void main(String[] arguments) throws IOException {
    ExecutorService calls = Executors.newCachedThreadPool();
    BufferedReader paths = new BufferedReader(new InputStreamReader(System.in));
    for (String path = paths.readLine(); path != null; path = paths.readLine()) {
      String one = path;
      calls.execute(() -> System.out.println(get(one)));
    }
    calls.shutdown();
  }
}
