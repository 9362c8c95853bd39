// One flow of a client for Go: flows NAME. It prints the access token, and asks for what a browser returns by a line on standard
// output that begins with "open ".
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

var (
	tenant     = os.Getenv("TENANT")
	authority  = os.Getenv("AUTHORITY") + "/" + tenant
	api        = os.Getenv("API")
	client     = os.Getenv("PUBLIC")
	userToken  = os.Getenv("USER_TOKEN")
	apiScope   = []string{os.Getenv("API_SCOPE")}
	downstream = []string{os.Getenv("DOWNSTREAM_SCOPE")}
	everything = []string{"api://downstream/.default"}
	// An authority that is not Microsoft's needs instance discovery switched off.
	discovers = os.Getenv("INSTANCE_DISCOVERY") != "false"
)

const (
	username = "ada@contoso.example"
	password = "Admin-Passw0rd!"
	secret   = "api-secret"
)

// open lets the user sign in at address, and sends the response to the loopback server of the client as a browser would.
func open(address string) error {
	request, err := url.Parse(address)
	if err != nil {
		return err
	}
	fmt.Println("open " + address)
	lines := bufio.NewScanner(os.Stdin)
	if !lines.Scan() {
		return fmt.Errorf("the browser returned nothing: %v", lines.Err())
	}
	response, err := url.Parse(lines.Text())
	if err != nil {
		return err
	}
	shown, err := http.PostForm(request.Query().Get("redirect_uri"), response.Query())
	if err != nil {
		return err
	}
	return shown.Body.Close()
}

func publicClient() public.Client {
	return must(public.New(client, public.WithAuthority(authority), public.WithInstanceDiscovery(discovers)))
}

func confidentialClient(credential confidential.Credential) confidential.Client {
	return must(confidential.New(authority, api, credential, confidential.WithInstanceDiscovery(discovers)))
}

func bySecret() confidential.Client {
	return confidentialClient(must(confidential.NewCredFromSecret(secret)))
}

func application(ctx context.Context, credential confidential.Credential) string {
	return must(confidentialClient(credential).AcquireTokenByCredential(ctx, everything)).AccessToken
}

func token(ctx context.Context, credential azcore.TokenCredential, scopes []string) string {
	return must(credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: scopes})).Token
}

// code signs the user in, and renews the token.
func code(ctx context.Context) string {
	signedIn := publicClient()
	first := must(signedIn.AcquireTokenInteractive(ctx, apiScope, public.WithOpenURL(open)))
	again := must(signedIn.AcquireTokenSilent(ctx, apiScope, public.WithSilentAccount(first.Account)))
	if again.AccessToken != first.AccessToken {
		log.Fatal("the token is not found in the cache by its scopes")
	}
	challenge := public.WithClaims(`{"access_token":{"nbf":{"essential":true}}}`)
	renewed := must(signedIn.AcquireTokenSilent(ctx, apiScope, public.WithSilentAccount(first.Account), challenge))
	return renewed.AccessToken
}

func deviceCode(ctx context.Context) string {
	device := must(publicClient().AcquireTokenByDeviceCode(ctx, apiScope))
	fmt.Println("device", device.Result.VerificationURL, device.Result.UserCode)
	return must(device.AuthenticationResult(ctx)).AccessToken
}

var flows = map[string]func(context.Context) string{
	"msal code":        code,
	"msal device code": deviceCode,
	"msal username and password": func(ctx context.Context) string {
		//lint:ignore SA1019 The flow is deprecated, and still used.
		return must(publicClient().AcquireTokenByUsernamePassword(ctx, apiScope, username, password)).AccessToken
	},
	"msal secret": func(ctx context.Context) string {
		return application(ctx, must(confidential.NewCredFromSecret(secret)))
	},
	"msal certificate": func(ctx context.Context) string {
		certificates, key, err := confidential.CertFromPEM(must(os.ReadFile(os.Getenv("PEM"))), "")
		check(err)
		return application(ctx, must(confidential.NewCredFromCert(certificates, key)))
	},
	"msal federated assertion": func(ctx context.Context) string {
		return application(ctx, confidential.NewCredFromAssertionCallback(
			func(context.Context, confidential.AssertionRequestOptions) (string, error) {
				assertion, err := os.ReadFile(os.Getenv("WORKLOAD_TOKEN"))
				return string(assertion), err
			}))
	},
	"msal on behalf of": func(ctx context.Context) string {
		return must(bySecret().AcquireTokenOnBehalfOf(ctx, userToken, downstream)).AccessToken
	},
	"azidentity secret": func(ctx context.Context) string {
		options := azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: !discovers}
		return token(ctx, must(azidentity.NewClientSecretCredential(tenant, api, secret, &options)), everything)
	},
	"azidentity certificate": func(ctx context.Context) string {
		certificates, key, err := azidentity.ParseCertificates(must(os.ReadFile(os.Getenv("PEM"))), nil)
		check(err)
		return token(ctx, must(azidentity.NewClientCertificateCredential(tenant, api, certificates, key, nil)), everything)
	},
	"azidentity workload identity": func(ctx context.Context) string {
		return token(ctx, must(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			TenantID: tenant, ClientID: api, TokenFilePath: os.Getenv("WORKLOAD_TOKEN"),
		})), everything)
	},
	"azidentity on behalf of": func(ctx context.Context) string {
		return token(ctx, must(azidentity.NewOnBehalfOfCredentialWithSecret(tenant, api, userToken, secret, nil)), downstream)
	},
	"azidentity device code": func(ctx context.Context) string {
		return token(ctx, must(azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			TenantID: tenant, ClientID: client,
			UserPrompt: func(_ context.Context, message azidentity.DeviceCodeMessage) error {
				_, err := fmt.Println("device", message.VerificationURL, message.UserCode)
				return err
			},
		})), apiScope)
	},
	"azidentity username and password": func(ctx context.Context) string {
		//lint:ignore SA1019 The flow is deprecated, and still used.
		return token(ctx, must(azidentity.NewUsernamePasswordCredential(tenant, client, username, password, nil)), apiScope)
	},
}

func main() {
	fmt.Println("token " + flows[os.Args[1]](context.Background()))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
