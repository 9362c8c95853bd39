// Command istio-translate writes the listeners, routes and clusters that Istio's control plane sends to a gateway, as JSON.
//
// istioctl has no such command, and pilot-discovery does not start without Kubernetes. This program therefore runs the control plane's own
// code in one process, as Istio's tests do. It is built with the dependencies of Istio's module (see tools/obtain).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/test"
	"istio.io/istio/pkg/util/protomarshal"
)

func main() {
	meshFile := flag.String("mesh", "", "file of the mesh configuration")
	configFile := flag.String("config", "", "file of Istio's resources")
	kubernetesFile := flag.String("kubernetes", "", "file of Kubernetes' own resources: services, endpoints, secrets")
	namespace := flag.String("namespace", "", "namespace of the gateway's pods")
	label := flag.String("istio-label", "", "value of the label `istio` of the gateway's pods")
	// Not standard output, where Istio logs.
	outputFile := flag.String("output", "", "file to write")
	flag.Parse()

	parts, err := translate(*meshFile, *configFile, *kubernetesFile, *namespace, *label)
	if err == nil {
		err = write(*outputFile, parts)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "istio-translate: %v\n", err)
		os.Exit(1)
	}
}

func translate(meshFile, configFile, kubernetesFile, namespace, label string) (map[string][]json.RawMessage, error) {
	texts := map[string]string{}
	for _, file := range []string{meshFile, configFile, kubernetesFile} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		texts[file] = string(text)
	}
	// Istio itself ignores an unknown field, and its default may not be the intended value.
	if err := protomarshal.ApplyYAMLStrict(texts[meshFile], mesh.DefaultMeshConfig()); err != nil {
		return nil, fmt.Errorf("%s: %w", meshFile, err)
	}
	meshConfig, err := mesh.ApplyMeshConfigDefaults(texts[meshFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", meshFile, err)
	}

	parts := map[string][]json.RawMessage{}
	failed := test.Wrap(func(t test.Failer) {
		server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
			MeshConfig:             meshConfig,
			ConfigString:           texts[configFile],
			KubernetesObjectString: texts[kubernetesFile],
		})
		labels := map[string]string{"istio": label}
		proxy := server.SetupProxy(&model.Proxy{
			Type:            model.Router,
			ID:              "gateway." + namespace,
			ConfigNamespace: namespace,
			Labels:          labels,
			Metadata:        &model.NodeMetadata{Namespace: namespace, Labels: labels, IstioVersion: "1.31.0"},
		})
		for _, listener := range server.Listeners(proxy) {
			parts["listeners"] = append(parts["listeners"], text(t, listener))
		}
		for _, routes := range server.Routes(proxy) {
			parts["routes"] = append(parts["routes"], text(t, routes))
		}
		for _, cluster := range server.Clusters(proxy) {
			parts["clusters"] = append(parts["clusters"], text(t, cluster))
		}
	})
	return parts, failed
}

func write(file string, parts map[string][]json.RawMessage) error {
	written, err := json.Marshal(parts)
	if err != nil {
		return err
	}
	return os.WriteFile(file, written, 0o644)
}

func text(t test.Failer, message proto.Message) json.RawMessage {
	written, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		t.Fatalf("cannot be written as JSON: %v", err)
	}
	return written
}
