import com.microsoft.aad.msal4j.AuthorizationCodeParameters;
import com.microsoft.aad.msal4j.AuthorizationRequestUrlParameters;
import com.microsoft.aad.msal4j.ClientCredentialFactory;
import com.microsoft.aad.msal4j.ClientCredentialParameters;
import com.microsoft.aad.msal4j.ConfidentialClientApplication;
import com.microsoft.aad.msal4j.DeviceCodeFlowParameters;
import com.microsoft.aad.msal4j.IAuthenticationResult;
import com.microsoft.aad.msal4j.IClientCredential;
import com.microsoft.aad.msal4j.OnBehalfOfParameters;
import com.microsoft.aad.msal4j.PublicClientApplication;
import com.microsoft.aad.msal4j.ResponseMode;
import com.microsoft.aad.msal4j.SilentParameters;
import com.microsoft.aad.msal4j.UserAssertion;
import com.microsoft.aad.msal4j.UserNamePasswordParameters;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * One flow of MSAL for Java: Flows NAME. It prints the access token, and asks for what a browser returns by a line on standard
 * output that begins with "open ".
 */
final class Flows {
    private static final Map<String, String> SETTINGS = System.getenv();
    private static final String AUTHORITY = SETTINGS.get("AUTHORITY") + "/" + SETTINGS.get("TENANT");
    /** An authority that is not Microsoft's needs instance discovery switched off. */
    private static final boolean DISCOVERS = !"false".equals(SETTINGS.get("INSTANCE_DISCOVERY"));
    private static final String REDIRECT = "http://localhost:41000/";
    private static final Set<String> API = Set.of(SETTINGS.get("API_SCOPE"));
    private static final Set<String> DOWNSTREAM = Set.of(SETTINGS.get("DOWNSTREAM_SCOPE"));

    private static final Map<String, Callable<IAuthenticationResult>> FLOWS = Map.of(
        "code", Flows::code,
        "device code", Flows::deviceCode,
        "username and password", Flows::password,
        "secret", () -> application(secret()),
        "certificate", () -> application(certificate()),
        "federated assertion", () -> application(ClientCredentialFactory.createFromClientAssertion(
            Files.readString(Path.of(SETTINGS.get("WORKLOAD_TOKEN"))))),
        "on behalf of", Flows::onBehalfOf);

    public static void main(String[] arguments) throws Exception {
        System.out.println("token " + FLOWS.get(arguments[0]).call().accessToken());
        // Its worker threads would keep the process for a minute.
        System.exit(0);
    }

    private static PublicClientApplication publicClient() throws Exception {
        return PublicClientApplication.builder(SETTINGS.get("PUBLIC")).authority(AUTHORITY).instanceDiscovery(DISCOVERS).build();
    }

    private static ConfidentialClientApplication confidentialClient(IClientCredential credential) throws Exception {
        return ConfidentialClientApplication.builder(SETTINGS.get("API"), credential).authority(AUTHORITY).instanceDiscovery(DISCOVERS).build();
    }

    private static IClientCredential secret() {
        return ClientCredentialFactory.createFromSecret("api-secret");
    }

    private static IClientCredential certificate() throws Exception {
        String pem = Files.readString(Path.of(SETTINGS.get("PEM")));
        String[] parts = pem.split("-----(BEGIN|END) [A-Z ]+-----\\s*");
        byte[] key = Base64.getMimeDecoder().decode(parts[1]);
        byte[] certificate = Base64.getMimeDecoder().decode(parts[3]);
        return ClientCredentialFactory.createFromCertificate(
            KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(key)),
            (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate)));
    }

    private static IAuthenticationResult application(IClientCredential credential) throws Exception {
        Set<String> everything = Set.of("api://downstream/.default");
        return confidentialClient(credential).acquireToken(ClientCredentialParameters.builder(everything).build()).get();
    }

    private static IAuthenticationResult onBehalfOf() throws Exception {
        UserAssertion user = new UserAssertion(SETTINGS.get("USER_TOKEN"));
        return confidentialClient(secret()).acquireToken(OnBehalfOfParameters.builder(DOWNSTREAM, user).build()).get();
    }

    private static IAuthenticationResult password() throws Exception {
        char[] password = "Admin-Passw0rd!".toCharArray();
        return publicClient().acquireToken(UserNamePasswordParameters.builder(API, "ada@contoso.example", password).build()).get();
    }

    private static IAuthenticationResult deviceCode() throws Exception {
        return publicClient().acquireToken(DeviceCodeFlowParameters.builder(API, device ->
            System.out.println("device " + device.verificationUri() + " " + device.userCode())).build()).get();
    }

    /** Signs the user in, and renews the token. */
    private static IAuthenticationResult code() throws Exception {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        String verifier = base64(random);
        PublicClientApplication client = publicClient();
        String url = client.getAuthorizationRequestUrl(AuthorizationRequestUrlParameters.builder(REDIRECT, API)
            .codeChallenge(base64(MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII))))
            .codeChallengeMethod("S256")
            .responseMode(ResponseMode.FORM_POST)
            .build()).toString();
        IAuthenticationResult first = client.acquireToken(AuthorizationCodeParameters.builder(open(url), new URI(REDIRECT))
            .scopes(API).codeVerifier(verifier).build()).get();
        IAuthenticationResult again = client.acquireTokenSilently(SilentParameters.builder(API, first.account()).build()).get();
        if (!again.accessToken().equals(first.accessToken())) {
            throw new IllegalStateException("the token is not found in the cache by its scopes");
        }
        return client.acquireTokenSilently(SilentParameters.builder(API, first.account()).forceRefresh(true).build()).get();
    }

    /** The code that the user's browser returns for {@code url}. */
    private static String open(String url) throws Exception {
        System.out.println("open " + url);
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        for (String parameter : new URI(line).getRawQuery().split("&")) {
            if (parameter.startsWith("code=")) {
                return URLDecoder.decode(parameter.substring("code=".length()), StandardCharsets.UTF_8);
            }
        }
        throw new IllegalStateException("the browser returned no code: " + line);
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
