import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Fetches a token with the JDK alone. "basic" form-encodes as Spring does; "raw" does not; "challenge" leaves it
 * to the JDK, which sends credentials only after a 401 whose challenge it understands.
 */
public final class HttpClientPeer {
    private static final String ISSUER = System.getenv("ISSUER");
    private static final String ID = setting("CLIENT_ID");
    private static final String SECRET = setting("CLIENT_SECRET");
    private static final String AUTH = setting("AUTH");

    public static void main(String[] arguments) throws Exception {
        HttpClient http = client();
        String metadata = http.send(
                HttpRequest.newBuilder(URI.create(ISSUER + "/.well-known/oauth-authorization-server")).build(),
                BodyHandlers.ofString()).body();
        HttpResponse<String> answer = http.send(request(text(metadata, "token_endpoint")), BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            System.out.printf("{\"error\":%s,\"status\":%d}%n", quoted(answer.body(), "error"), answer.statusCode());
            System.exit(1);
        }
        System.out.printf("{\"access_token\":%s,\"token_type\":%s,\"expires_in\":%s,\"scope\":%s}%n",
                quoted(answer.body(), "access_token"), quoted(answer.body(), "token_type"),
                value(answer.body(), "expires_in", "\\d+"), quoted(answer.body(), "scope"));
    }

    private static HttpClient client() {
        HttpClient.Builder builder = HttpClient.newBuilder();
        if (AUTH.equals("challenge")) {
            builder.authenticator(new Authenticator() {
                @Override
                protected PasswordAuthentication getPasswordAuthentication() {
                    return new PasswordAuthentication(ID, SECRET.toCharArray());
                }
            });
        }
        return builder.build();
    }

    private static HttpRequest request(String endpoint) {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "client_credentials");
        if (!setting("SCOPE").isEmpty()) form.put("scope", setting("SCOPE"));
        if (!setting("RESOURCE").isEmpty()) form.put("resource", setting("RESOURCE"));
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(endpoint))
                .header("Accept", "application/json")
                .header("Content-Type", "application/x-www-form-urlencoded");
        switch (AUTH) {
            case "basic" -> request.header("Authorization", basic(encoded(ID), encoded(SECRET)));
            case "raw" -> request.header("Authorization", basic(ID, SECRET));
            case "body" -> {
                form.put("client_id", ID);
                form.put("client_secret", SECRET);
            }
            case "challenge" -> { }
            default -> throw new IllegalArgumentException("AUTH=" + AUTH);
        }
        String body = form.entrySet().stream()
                .map(field -> field.getKey() + "=" + encoded(field.getValue()))
                .collect(Collectors.joining("&"));
        return request.POST(BodyPublishers.ofString(body)).build();
    }

    private static String basic(String user, String password) {
        byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private static String setting(String name) {
        return System.getenv().getOrDefault(name, "");
    }

    /** A string member, without its quotes. The JDK has no JSON parser, and these members need none. */
    private static String text(String json, String member) {
        String found = quoted(json, member);
        return found.substring(1, found.length() - 1).replace("\\/", "/");
    }

    private static String quoted(String json, String member) {
        return value(json, member, "\"[^\"]*\"");
    }

    private static String value(String json, String member, String pattern) {
        Matcher found = Pattern.compile("\"" + member + "\"\\s*:\\s*(" + pattern + ")").matcher(json);
        return found.find() ? found.group(1) : "null";
    }
}
