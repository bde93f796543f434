#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <clocale>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gk::download::test {

// Archives as others make them, also those that nobody should.
struct Entry {
    std::string name;
    std::string content;
    unsigned type = AE_IFREG;
    std::string link;
    bool hard = false;
    unsigned mode = 0644;
};

inline void write_archive(const std::string& path, const std::vector<Entry>& entries, bool zip, bool gzip) {
    std::setlocale(LC_CTYPE, "C.UTF-8");  // As whoever packs has it; a service that unpacks has plain ASCII.
    archive* out = archive_write_new();
    if (zip) archive_write_set_format_zip(out);
    else archive_write_set_format_pax_restricted(out);
    if (gzip) archive_write_add_filter_gzip(out);
    ASSERT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
    for (const auto& it : entries) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, it.name.c_str());
        archive_entry_set_filetype(entry, it.type);
        archive_entry_set_perm(entry, static_cast<mode_t>(it.mode));
        archive_entry_set_size(entry, static_cast<la_int64_t>(it.content.size()));
        if (it.hard) archive_entry_set_hardlink(entry, it.link.c_str());
        else if (!it.link.empty()) archive_entry_set_symlink(entry, it.link.c_str());
        ASSERT_EQ(archive_write_header(out, entry), ARCHIVE_OK) << archive_error_string(out);
        archive_write_data(out, it.content.data(), it.content.size());
        archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);
    std::setlocale(LC_CTYPE, "C");
}

}  // namespace gk::download::test
