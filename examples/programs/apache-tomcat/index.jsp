<%@ page contentType="text/html; charset=UTF-8" import="java.security.cert.X509Certificate,java.util.*" %>
<%
  // The only name in the certificate is the SPIFFE ID. Type 6 is a URI (RFC 5280, section 4.2.1.6).
  X509Certificate[] chain = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
  Collection<List<?>> names = chain == null ? null : chain[0].getSubjectAlternativeNames();
  List<?> only = names == null || names.size() != 1 ? null : names.iterator().next();
  String id = only != null && only.get(0).equals(6) ? (String) only.get(1) : "";
  String trustDomain = "spiffe://mesh.example.com/";
  boolean isClient = id.startsWith(trustDomain) && id.substring(trustDomain.length()).matches("[a-z0-9-]+");
  if (!isClient) {
    response.sendError(HttpServletResponse.SC_FORBIDDEN);
    return;
  }
%>
<!doctype html>
<html lang="en">
  <head><title>Schedule</title></head>
  <body>
    <h1>Schedule</h1>
    <p>Welcome, <%= id.substring(trustDomain.length()) %>.</p>
    <p>Your certificate <%= chain[0].getSerialNumber().toString(16).toUpperCase() %> is valid until
      <%= chain[0].getNotAfter().toInstant() %>.</p>
  </body>
</html>
