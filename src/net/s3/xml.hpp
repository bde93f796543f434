#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gk::net::s3 {

// An element of an XML document: its text (of all its direct pieces) or its children. Attributes are passed over.
struct XmlElement {
    std::string name;
    std::string text;
    std::vector<XmlElement> children;

    const XmlElement* child(std::string_view wanted) const;
    // The text of that child; empty when there is none.
    std::string_view text_of(std::string_view wanted) const;
};

// Reads a whole document as object stores answer with it: elements, text, the five named entities and numeric ones. Whoever sent it is not trusted:
// DTDs are refused, elements within one another go to a depth of 8. The error is a sentence.
Result<XmlElement, std::string> parse_xml(std::string_view text);

}  // namespace gk::net::s3
