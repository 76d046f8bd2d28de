//! The manifest that users are given, held against the API that Kubernetes publishes, and its parts against each other.

use clap::Parser;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Container, PodSpec, Service};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml_ng::{Deserializer, Value};

const MANIFEST: &str = include_str!("../../loadgen/cluster/kubernetes.yaml");

/// Everything that a manifest asks for.
#[derive(Debug, Default)]
struct Objects {
    deployments: Vec<Deployment>,
    services: Vec<Service>,
    jobs: Vec<Job>,
}

/// The objects of a manifest. A field that the API does not have is an error, as `kubectl apply --validate=strict` has it.
fn read(manifest: &str) -> Result<Objects, String> {
    let mut objects = Objects::default();
    for document in Deserializer::from_str(manifest) {
        let value = Value::deserialize(document).map_err(|error| error.to_string())?;
        let of = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        match (of("apiVersion").as_str(), of("kind").as_str()) {
            ("apps/v1", "Deployment") => objects.deployments.push(strictly(value)?),
            ("v1", "Service") => objects.services.push(strictly(value)?),
            ("batch/v1", "Job") => objects.jobs.push(strictly(value)?),
            other => return Err(format!("nobody expects {other:?}")),
        }
    }
    Ok(objects)
}

fn strictly<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    let mut unknown = Vec::new();
    let read = serde_ignored::deserialize(value, |path| unknown.push(path.to_string()));
    let read = read.map_err(|error| error.to_string())?;
    if unknown.is_empty() { Ok(read) } else { Err(format!("unknown: {}", unknown.join(", "))) }
}

fn objects() -> Objects {
    read(MANIFEST).expect("a manifest that Kubernetes takes")
}

fn pod_of_the_job(job: &Job) -> PodSpec {
    job.spec.clone().expect("a specification").template.spec.expect("a pod")
}

fn container(pod: &PodSpec) -> &Container {
    assert_eq!(pod.containers.len(), 1);
    &pod.containers[0]
}

/// The whole command line.
fn words(container: &Container) -> Vec<String> {
    container.command.iter().flatten().chain(container.args.iter().flatten()).cloned().collect()
}

fn flag(words: &[String], name: &str) -> String {
    let value = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {name} in {words:?}")).to_owned()
}

#[test]
fn the_manifest_has_a_server_a_job_and_their_services() {
    let objects = objects();
    assert_eq!((objects.deployments.len(), objects.services.len(), objects.jobs.len()), (1, 2, 1));
}

#[test]
fn a_field_that_kubernetes_does_not_know_is_refused_and_so_is_a_wrong_type() {
    for (is, wrong, said) in [
        ("completionMode:", "completionsMode:", "completionsMode"),
        ("runAsNonRoot:", "runAsNobody:", "runAsNobody"),
        ("backoffLimitPerIndex: 0", "backoffLimitPerIndex: none", "invalid type"),
        ("kind: Job", "kind: Jobs", "nobody expects"),
    ] {
        let manifest = MANIFEST.replace(is, wrong);
        assert_ne!(manifest, MANIFEST, "{is}");
        let error = read(&manifest).expect_err("refused");
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn there_are_as_many_pods_as_shards_and_none_is_started_again() {
    let objects = objects();
    let job = objects.jobs[0].spec.as_ref().expect("a specification");
    let pod = pod_of_the_job(&objects.jobs[0]);
    let shards: i32 = flag(&words(container(&pod)), "--shards").parse().expect("a number");
    assert_eq!(job.completion_mode.as_deref(), Some("Indexed"));
    assert_eq!((job.completions, job.parallelism), (Some(shards), Some(shards)));
    // A limit for all of them would end those that fire when one has failed.
    assert_eq!((job.backoff_limit_per_index, job.backoff_limit), (Some(0), None));
    assert_eq!(pod.restart_policy.as_deref(), Some("Never"));
}

#[test]
fn the_shards_meet_at_the_first_pod_by_the_name_that_it_gets() {
    let objects = objects();
    let (job, pod) = (&objects.jobs[0], pod_of_the_job(&objects.jobs[0]));
    let subdomain = pod.subdomain.clone().expect("a subdomain");
    let service = objects.services.iter().find(|service| service.metadata.name.as_ref() == Some(&subdomain));
    let service = service.expect("a Service called as the subdomain").spec.as_ref().expect("a specification");
    assert_eq!(service.cluster_ip.as_deref(), Some("None"), "a name for each pod");
    assert_eq!(service.publish_not_ready_addresses, Some(true));
    let template = &job.spec.as_ref().expect("a specification").template;
    let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref()).expect("labels");
    assert!(service.selector.iter().flatten().all(|(name, value)| labels.get(name) == Some(value)));

    let meet = flag(&words(container(&pod)), "--meet");
    let (host, port) = meet.split_once(':').expect("a host and a port");
    assert_eq!(host, format!("{}-0.{subdomain}", job.metadata.name.as_deref().expect("a name")));
    let port: i32 = port.parse().expect("a port");
    assert_eq!(service.ports.as_ref().expect("ports")[0].port, port);
    assert_eq!(container(&pod).ports.as_ref().expect("ports")[0].container_port, port);
}

#[test]
fn the_shards_fire_at_the_service_of_the_server() {
    let objects = objects();
    let deployment = objects.deployments[0].spec.as_ref().expect("a specification");
    let server = deployment.template.spec.as_ref().expect("a pod");
    let url = words(container(&pod_of_the_job(&objects.jobs[0])))
        .into_iter()
        .find(|word| word.starts_with("http://"));
    let url = url.expect("a URL");
    let (host, port) = url["http://".len()..].trim_end_matches('/').split_once(':').expect("a port");
    let service = objects.services.iter().find(|service| service.metadata.name.as_deref() == Some(host));
    let service = service.expect("the Service").spec.as_ref().expect("a specification");
    assert_eq!(service.selector, deployment.selector.match_labels);
    let port: i32 = port.parse().expect("a port");
    assert_eq!(service.ports.as_ref().expect("ports")[0].port, port);
    assert_eq!(container(server).ports.as_ref().expect("ports")[0].container_port, port);
    assert!(words(container(server)).contains(&format!("0.0.0.0:{port}")));
}

#[test]
fn a_shard_waits_for_the_server_and_then_for_the_other_shards() {
    let objects = objects();
    let job = objects.jobs[0].spec.as_ref().expect("a specification");
    let pod = pod_of_the_job(&objects.jobs[0]);
    let (before, fires) = (pod.init_containers.clone().unwrap_or_default(), words(container(&pod)));
    let waits = words(before.first().expect("something that waits"));
    let url = fires.iter().find(|word| word.starts_with("http://")).expect("a URL");
    let place = url["http://".len()..].trim_end_matches('/').replace(':', "/");
    assert!(waits.last().expect("a script").contains(&format!("/dev/tcp/{place}'")), "{waits:?}");
    assert_eq!(waits[0], "timeout");
    let seconds: i64 = waits[1].parse().expect("seconds");
    let within = humantime::parse_duration(&flag(&fires, "--meet-within")).expect("a time");
    let lasts = humantime::parse_duration(&flag(&fires, "--duration")).expect("a time");
    // Whoever has waited for the server longest is still met, and all of it ends before the Job does.
    let within = i64::try_from(within.as_secs()).expect("seconds");
    assert!(seconds < within);
    let deadline = job.active_deadline_seconds.expect("a deadline");
    assert!(seconds + within + i64::try_from(lasts.as_secs()).expect("seconds") < deadline);
}

#[test]
fn loadgen_takes_the_command_lines() {
    let objects = objects();
    let server =
        objects.deployments[0].spec.as_ref().and_then(|spec| spec.template.spec.clone()).expect("a pod");
    for pod in [server, pod_of_the_job(&objects.jobs[0])] {
        let words = words(container(&pod));
        loadgen::cli::Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    }
}

#[test]
fn no_container_runs_as_root_or_gets_more_than_it_needs() {
    let objects = objects();
    let server =
        objects.deployments[0].spec.as_ref().and_then(|spec| spec.template.spec.clone()).expect("a pod");
    for pod in [server, pod_of_the_job(&objects.jobs[0])] {
        assert_eq!(pod.security_context.as_ref().and_then(|context| context.run_as_non_root), Some(true));
        assert_eq!(pod.automount_service_account_token, Some(false));
        for container in pod.containers.iter().chain(pod.init_containers.iter().flatten()) {
            let context = container.security_context.as_ref().expect("a security context");
            assert_eq!(context.allow_privilege_escalation, Some(false));
            assert_eq!(context.read_only_root_filesystem, Some(true));
            let dropped = context.capabilities.as_ref().and_then(|capabilities| capabilities.drop.clone());
            assert_eq!(dropped, Some(vec!["ALL".to_owned()]));
            let resources = container.resources.as_ref().expect("resources");
            assert_eq!(resources.requests, resources.limits);
        }
    }
}
