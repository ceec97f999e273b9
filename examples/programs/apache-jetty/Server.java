import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * A service behind the Apache httpd of <code>mtls-mesh config apache --side server</code>, which admits only clients of the mesh
 * and tells the service the name of the caller. Nobody else may reach its port.
 *
 * <pre>
 * mvn -q dependency:copy-dependencies
 * java -cp 'target/dependency/*' Server.java
 * </pre>
 */
public class Server extends Handler.Abstract {
  private static final String HOST = "127.0.0.1";
  private static final int PORT = 8080;

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    // Apache replaces what the caller has sent under this name.
    String name = request.getHeaders().get("X-Client-Name");
    response.setStatus(name == null ? 403 : 200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain");
    Content.Sink.write(response, true, name == null ? "not a client of this mesh" : name, callback);
    return true;
  }

  public static void main(String[] arguments) throws Exception {
    var server = new org.eclipse.jetty.server.Server();
    var connector = new ServerConnector(server);
    connector.setHost(HOST);
    connector.setPort(PORT);
    server.addConnector(connector);
    server.setHandler(new Server());
    server.start();
  }
}
