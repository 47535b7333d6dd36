#include "engine/core/config_snapshot.hpp"

#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "notifiers/notification_template.hpp"
