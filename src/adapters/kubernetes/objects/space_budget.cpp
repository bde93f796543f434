#include "adapters/kubernetes/objects/space_budget.hpp"

#include <cstdint>
#include <limits>
#include <utility>

#include "adapters/kubernetes/objects/names.hpp"

namespace gk::kubernetes {

Value space_budget(const std::string& space) {
    constexpr std::int64_t pods_never = std::numeric_limits<std::int32_t>::max();
    auto is_of_a_world = Value::object({{"key", std::string(server_label)}, {"operator", "Exists"}});
    auto selector = Value::object({{"matchExpressions", Value::array({std::move(is_of_a_world)})}});
    return Value::object({{"apiVersion", "policy/v1"},
                          {"kind", "PodDisruptionBudget"},
                          {"metadata", Value::object({{"name", std::string(budget_name)},
                                                      {"namespace", space},
                                                      {"labels", Value::object({{std::string(manager_label), manager}})}})},
                          {"spec", Value::object({{"minAvailable", pods_never}, {"selector", std::move(selector)}})}});
}

}  // namespace gk::kubernetes
