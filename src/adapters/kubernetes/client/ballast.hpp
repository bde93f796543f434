#pragma once

#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {

// The object without what nobody here reads, and what is most of it: who wrote which field, containers and volumes of pods and of their templates,
// the images on a node. For copies of thousands of objects; such an object may be written back only as a status or a patch.
wire::kubernetes::ObjectPtr without_ballast(const wire::kubernetes::Resource& resource, wire::kubernetes::ObjectPtr object);

}  // namespace gk::kubernetes
