// Files with one instance of every value that upstream declares as a Secret or a SecretURL (Prometheus 3.14,
// Alertmanager 0.34, common 0.70, sigv4 0.4), and of URLs with a password. Each secret holds "S3CRET", and
// nothing else does.
#pragma once

#include <string>

namespace tocsin::test {

// What common's HTTPClientConfig has; only where nobody checks which of them exclude each other.
inline const std::string kSecretHttpClient =
    "basic_auth: {username: u, password: S3CRET}, authorization: {credentials: S3CRET}, bearer_token: "
    "S3CRET, "
    "oauth2: {client_id: i, client_secret: S3CRET, client_certificate_key: S3CRET, tls_config: {key: "
    "S3CRET}, "
    "proxy_url: 'http://u:S3CRET@proxy:1/', proxy_connect_header: {A: [S3CRET]}}, "
    "tls_config: {cert: c, key: S3CRET}, proxy_url: 'http://u:S3CRET@proxy:1/', "
    "proxy_connect_header: {A: [S3CRET]}, http_headers: {B: {secrets: [S3CRET]}}";

inline const std::string kSecretAlertmanager =
    "global:\n"
    "  smtp_auth_password: S3CRET\n"
    "  smtp_auth_secret: S3CRET\n"
    "  smtp_tls_config: {cert: c, key: S3CRET}\n"
    "  slack_api_url: https://hooks/S3CRET\n"
    "  opsgenie_api_key: S3CRET\n"
    "  wechat_api_secret: S3CRET\n"
    "  victorops_api_key: S3CRET\n"
    "  telegram_bot_token: S3CRET\n"
    "  rocketchat_token: S3CRET\n"
    "  rocketchat_token_id: S3CRET\n"
    "  mattermost_webhook_url: https://mattermost/S3CRET\n"
    "  http_config: {basic_auth: {password: S3CRET}, proxy_url: 'http://u:S3CRET@proxy:1/'}\n"
    "route: {receiver: a}\n"
    "receivers:\n"
    "- name: a\n"
    "  slack_configs:\n"
    "  - {channel: c, api_url: 'https://hooks/S3CRET', title_link: 'http://see.it/'}\n"
    "  - {channel: c, app_token: S3CRET, app_url: 'https://u:S3CRET@app/'}\n"
    "  - {channel: c, http_config: {basic_auth: {password: S3CRET}, tls_config: {cert: c, key: S3CRET}}}\n"
    "  webhook_configs: [{url: 'https://hook/S3CRET', http_config: {bearer_token: S3CRET}}]\n"
    "  pagerduty_configs: [{service_key: S3CRET}, {routing_key: S3CRET}]\n"
    "  discord_configs: [{webhook_url: 'https://discord/S3CRET', http_config: {" +
    kSecretHttpClient +
    "}}]\n"
    "  email_configs: [{to: t, auth_password: S3CRET, auth_secret: S3CRET, tls_config: {key: S3CRET}}]\n"
    "  incidentio_configs: [{url: 'https://u:S3CRET@io/', alert_source_token: S3CRET}]\n"
    "  opsgenie_configs: [{api_key: S3CRET}]\n"
    "  wechat_configs: [{api_secret: S3CRET}]\n"
    "  pushover_configs: [{user_key: S3CRET, token: S3CRET}]\n"
    "  victorops_configs: [{api_key: S3CRET, routing_key: public}]\n"
    "  sns_configs: [{sigv4: {access_key: a, secret_key: S3CRET}}]\n"
    "  telegram_configs: [{bot_token: S3CRET}]\n"
    "  msteams_configs: [{webhook_url: 'https://teams/S3CRET'}]\n"
    "  msteamsv2_configs: [{webhook_url: 'https://teams/S3CRET'}]\n"
    "  rocketchat_configs: [{token_id: S3CRET, token: S3CRET}]\n"
    "  mattermost_configs: [{webhook_url: 'https://mattermost/S3CRET'}]\n"
    "tracing: {endpoint: e, headers: {A: S3CRET}, tls_config: {key: S3CRET}}\n"
    "event_recorder:\n"
    "  webhook_outputs: [{url: 'https://events/S3CRET', http_config: {" +
    kSecretHttpClient +
    "}}]\n"
    "  kafka_outputs: [{brokers: [b], tls_config: {key: S3CRET}}]\n";

inline const std::string kSecretPrometheus =
    "alerting:\n"
    "  alertmanagers:\n"
    "  - {basic_auth: {username: u, password: S3CRET}, static_configs: [{targets: ['a:1']}]}\n"
    "  - {sigv4: {secret_key: S3CRET}, static_configs: [{targets: ['a:1']}]}\n"
    "remote_write:\n"
    "- {url: 'https://u:S3CRET@write/', headers: {A: S3CRET}, " +
    kSecretHttpClient +
    "}\n"
    "- url: https://write/plain\n"
    "  sigv4: {secret_key: S3CRET}\n"
    "  azuread: {oauth: {client_secret: S3CRET}, certificate: {certificate_password: S3CRET}}\n"
    "remote_read: [{url: '//u:S3CRET@read/', tls_config: {key: S3CRET}}]\n"
    "tracing: {endpoint: e, tls_config: {key: S3CRET}}\n"
    "scrape_configs:\n"
    "- job_name: a\n"
    "  tls_config: {cert: c, key: S3CRET}\n"
    "  authorization: {credentials: S3CRET}\n"
    "  proxy_url: http://u:S3CRET@proxy:1/\n"
    "  aws_sd_configs: [{secret_key: S3CRET}]\n"
    "  azure_sd_configs: [{client_secret: S3CRET}]\n"
    "  consul_sd_configs: [{token: S3CRET, password: S3CRET}]\n"
    "  ec2_sd_configs: [{secret_key: S3CRET}]\n"
    "  ecs_sd_configs: [{secret_key: S3CRET}]\n"
    "  elasticache_sd_configs: [{secret_key: S3CRET}]\n"
    "  http_sd_configs: [{url: 'https://u:S3CRET@sd/'}]\n"
    "  lightsail_sd_configs: [{secret_key: S3CRET}]\n"
    "  marathon_sd_configs: [{auth_token: S3CRET}]\n"
    "  msk_sd_configs: [{secret_key: S3CRET}]\n"
    "  oci_sd_configs: [{key_passphrase: S3CRET}]\n"
    "  openstack_sd_configs: [{password: S3CRET, application_credential_secret: S3CRET}]\n"
    "  outscale_sd_configs: [{secret_key: S3CRET}]\n"
    "  ovhcloud_sd_configs: [{application_secret: S3CRET, consumer_key: S3CRET}]\n"
    "  rds_sd_configs: [{secret_key: S3CRET}]\n"
    "  scaleway_sd_configs: [{secret_key: S3CRET}]\n"
    "  stackit_sd_configs: [{service_account_key: S3CRET, private_key: S3CRET}]\n"
    "  triton_sd_configs: [{tls_config: {key: S3CRET}}]\n"
    "  uyuni_sd_configs: [{username: u, password: S3CRET}]\n";

}  // namespace tocsin::test
