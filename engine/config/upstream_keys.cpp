// What upstream's configuration structs hold below the keys that this version does not serve, so that a
// misspelt key is found there too. Read off the structs' yaml tags (Prometheus 3.14, Alertmanager 0.34).
//
// The form: {key key{inner} key*}, where "*" lets anything follow; @name stands for a shared list below.
#include "engine/config/upstream_keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tocsin::config {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr std::array<Row, 5> kShared = {{
    {"tls",
     "{ca cert key ca_file cert_file key_file ca_ref cert_ref key_ref server_name insecure_skip_verify "
     "min_version max_version}"},
    {"oauth2",
     "{client_id client_secret client_secret_file client_secret_ref client_certificate_key_id "
     "client_certificate_key client_certificate_key_file client_certificate_key_ref grant_type "
     "signature_algorithm iss audience claims* scopes token_url endpoint_params* tls_config@tls proxy_url "
     "no_proxy proxy_from_environment proxy_connect_header*}"},
    {"http",
     "{basic_auth{username username_file username_ref password password_file password_ref} "
     "authorization{type credentials credentials_file credentials_ref} oauth2@oauth2 bearer_token "
     "bearer_token_file tls_config@tls follow_redirects enable_http2 proxy_url no_proxy "
     "proxy_from_environment proxy_connect_header* http_headers*}"},
    {"relabel", "{source_labels separator regex modulus target_label replacement action}"},
    {"sigv4",
     "{region access_key secret_key profile role_arn external_id use_fips_sts_endpoint service_name}"},
}};

constexpr std::array<Row, 58> kSections = {{
    {"prometheus.runtime", "{gogc}"},
    {"prometheus.storage",
     "{tsdb{outofordertimewindow out_of_order_time_window stale_series_compaction_threshold "
     "chunk_encoding{floats} retention{time size percentage}} exemplars{max_exemplars}}"},
    {"prometheus.tracing",
     "{client_type endpoint sampling_fraction insecure tls_config@tls headers* compression "
     "timeout}"},
    {"prometheus.remote_write",
     "{url remote_timeout headers* write_relabel_configs@relabel name send_exemplars "
     "send_native_histograms round_robin_dns protobuf_message @http queue_config{capacity "
     "max_shards min_shards max_samples_per_send batch_send_deadline min_backoff max_backoff "
     "retry_on_http_429 sample_age_limit} metadata_config{send send_interval max_samples_per_send} "
     "sigv4@sigv4 azuread{managed_identity{client_id} workload_identity{client_id tenant_id "
     "token_file_path} oauth{client_id client_secret tenant_id} sdk{tenant_id} "
     "certificate{client_id tenant_id certificate_path certificate_key_path certificate_password "
     "send_certificate_chain} cloud scope} google_iam{credentials_file}}"},
    {"prometheus.remote_read",
     "{url remote_timeout chunked_read_limit headers* read_recent name @http required_matchers* "
     "filter_external_labels}"},
    {"prometheus.otlp",
     "{promote_all_resource_attributes promote_resource_attributes ignore_resource_attributes "
     "translation_strategy keep_identifying_resource_attributes convert_histograms_to_nhcb "
     "promote_scope_metadata label_name_underscore_sanitization "
     "label_name_preserve_multiple_underscores}"},
    {"aws_sd_configs",
     "{role region endpoint access_key secret_key profile role_arn external_id refresh_interval "
     "port @http filters{name values} clusters}"},
    {"azure_sd_configs",
     "{environment port subscription_id tenant_id client_id client_secret refresh_interval "
     "authentication_method resource_group @http}"},
    {"consul_sd_configs",
     "{server path_prefix token datacenter namespace partition tag_separator scheme username "
     "password allow_stale refresh_interval services tags node_meta* filter health_filter @http}"},
    {"digitalocean_sd_configs",
     "{@http refresh_interval port role httpclient{transport checkredirect jar timeout}}"},
    {"dns_sd_configs", "{names refresh_interval type port}"},
    {"docker_sd_configs",
     "{@http host port filters{name values} host_networking_host refresh_interval "
     "match_first_network}"},
    {"dockerswarm_sd_configs", "{@http host role port filters{name values} refresh_interval}"},
    {"ec2_sd_configs",
     "{endpoint region access_key secret_key profile role_arn external_id refresh_interval port "
     "filters{name values} @http}"},
    {"ecs_sd_configs",
     "{region endpoint access_key secret_key profile role_arn external_id clusters port "
     "refresh_interval request_concurrency @http}"},
    {"elasticache_sd_configs",
     "{region endpoint access_key secret_key profile role_arn external_id clusters port "
     "refresh_interval request_concurrency @http}"},
    {"eureka_sd_configs", "{server @http refresh_interval}"},
    {"gce_sd_configs", "{project zone filter refresh_interval port tag_separator}"},
    {"hetzner_sd_configs", "{@http refresh_interval port role label_selector}"},
    {"http_sd_configs", "{@http refresh_interval url}"},
    {"ionos_sd_configs", "{datacenter_id @http refresh_interval port}"},
    {"kubernetes_sd_configs",
     "{api_server role kubeconfig_file @http namespaces{own_namespace names} selectors{role label "
     "field} attach_metadata{node namespace deployment job cronjob}}"},
    {"kuma_sd_configs", "{@http refresh_interval fetch_timeout server client_id}"},
    {"lightsail_sd_configs",
     "{endpoint region access_key secret_key profile role_arn external_id refresh_interval port "
     "@http}"},
    {"linode_sd_configs", "{@http refresh_interval port tag_separator region}"},
    {"marathon_sd_configs", "{servers refresh_interval auth_token auth_token_file @http}"},
    {"msk_sd_configs",
     "{region endpoint access_key secret_key profile role_arn external_id clusters port "
     "refresh_interval request_concurrency @http}"},
    {"nerve_sd_configs", "{servers paths timeout}"},
    {"nomad_sd_configs", "{allow_stale @http namespace refresh_interval region server tag_separator}"},
    {"oci_sd_configs",
     "{auth tenancy user fingerprint key_file key_passphrase key_passphrase_file region "
     "compartments @http port refresh_interval}"},
    {"openstack_sd_configs",
     "{identity_endpoint username userid password project_name project_id domain_name domain_id "
     "application_credential_name application_credential_id application_credential_secret role "
     "region refresh_interval port all_tenants tls_config@tls availability}"},
    {"outscale_sd_configs",
     "{endpoint region access_key secret_key secret_key_file refresh_interval port @http}"},
    {"ovhcloud_sd_configs",
     "{endpoint application_key application_secret consumer_key refresh_interval service}"},
    {"puppetdb_sd_configs", "{@http refresh_interval url query include_parameters port}"},
    {"rds_sd_configs",
     "{region endpoint access_key secret_key profile role_arn external_id clusters port "
     "refresh_interval filters{name values} request_concurrency @http}"},
    {"scaleway_sd_configs",
     "{project_id api_url zone access_key secret_key secret_key_file name_filter tags_filter @http "
     "refresh_interval port role}"},
    {"serverset_sd_configs", "{servers paths timeout}"},
    {"stackit_sd_configs",
     "{@http project refresh_interval port region endpoint service_account_key private_key "
     "service_account_key_path private_key_path credentials_file_path}"},
    {"triton_sd_configs",
     "{account role dns_suffix endpoint groups port refresh_interval tls_config@tls version}"},
    {"uyuni_sd_configs", "{server username password @http entitlement separator refresh_interval}"},
    {"vultr_sd_configs", "{@http refresh_interval port}"},
    {"alertmanager.tracing",
     "{client_type endpoint sampling_fraction insecure tls_config@tls headers compression timeout}"},
    {"event_recorder",
     "{file_outputs{path} webhook_outputs{url http_config@http timeout workers max_retries "
     "retry_backoff batch batch_max_events batch_max_bytes batch_flush_interval} "
     "kafka_outputs{brokers topic client_id format acks compression buffer_size tls_config@tls} "
     "stdout_outputs}"},
    {"discord_configs",
     "{send_resolved http_config@http webhook_url webhook_url_file content title message username "
     "avatar_url}"},
    {"email_configs",
     "{send_resolved to from hello smarthost{host port} auth_username auth_password "
     "auth_password_file auth_secret auth_secret_file auth_identity headers* html text require_tls "
     "tls_config@tls force_implicit_tls threading{enabled thread_by_date}}"},
    {"incidentio_configs",
     "{send_resolved http_config@http url url_file alert_source_token alert_source_token_file "
     "max_alerts timeout}"},
    {"opsgenie_configs",
     "{send_resolved http_config@http api_key api_key_file api_url message description source "
     "details* entity responders{id name username type} actions tags note priority update_alerts}"},
    {"wechat_configs",
     "{send_resolved http_config@http api_secret api_secret_file corp_id message api_url to_user "
     "to_party to_tag agent_id message_type}"},
    {"pushover_configs",
     "{send_resolved http_config@http user_key user_key_file token token_file title message url "
     "url_title device sound priority retry expire ttl html monospace}"},
    {"victorops_configs",
     "{send_resolved http_config@http api_key api_key_file api_url routing_key message_type "
     "state_message entity_display_name monitoring_tool custom_fields*}"},
    {"sns_configs",
     "{send_resolved http_config@http api_url sigv4@sigv4 topic_arn phone_number target_arn "
     "subject message attributes* use_aws_http_client}"},
    {"telegram_configs",
     "{send_resolved http_config@http api_url bot_token bot_token_file chat_id chat_id_file "
     "message_thread_id message disable_notifications parse_mode}"},
    {"webex_configs", "{send_resolved http_config@http api_url message room_id}"},
    {"msteams_configs", "{send_resolved http_config@http webhook_url webhook_url_file title summary text}"},
    {"msteamsv2_configs", "{send_resolved http_config@http webhook_url webhook_url_file title text}"},
    {"jira_configs",
     "{send_resolved http_config@http api_url api_type project summary{template enable_update} "
     "description{template enable_update} labels priority issue_type reopen_transition "
     "resolve_transition wont_fix_resolution reopen_duration fields*}"},
    {"rocketchat_configs",
     "{send_resolved http_config@http api_url token_id token_id_file token token_file channel "
     "color title title_link text fields{short title value} short_fields emoji icon_url image_url "
     "thumb_url link_names actions{type text url imageurl iswebview webviewheightratio msg "
     "msginchatwindow msgprocessingtype}}"},
    {"mattermost_configs",
     "{send_resolved http_config@http webhook_url webhook_url_file channel username text fallback "
     "color pretext author_name author_link author_icon title title_link fields{title value short} "
     "thumb_url footer footer_icon image_url icon_url icon_emoji attachments{fallback color "
     "pretext text author_name author_link author_icon title title_link fields{title value short} "
     "thumb_url footer footer_icon image_url} type props{card} priority{priority requested_ack "
     "persistent_notifications}}"},
}};

}  // namespace

std::string_view upstream_keys(std::string_view section) {
  const auto find = [&](const auto& rows) -> std::string_view {
    const auto row = std::ranges::find(rows, section, &Row::first);
    return row == rows.end() ? std::string_view() : row->second;
  };
  const std::string_view own = find(kSections);
  return own.empty() ? find(kShared) : own;
}

}  // namespace tocsin::config
