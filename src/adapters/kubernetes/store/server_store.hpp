#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/kubernetes/store/server_index.hpp"
#include "adapters/kubernetes/store/server_secrets.hpp"
#include "async/watchers.hpp"
#include "ports/random.hpp"
#include "ports/server_store.hpp"

namespace gk::kubernetes {

StoreError store_error(const Failure& failure);

// Records as GameServers (docs/adr/0014). A create is the object with our finalizer, its Secret, and status with the record; an object that people
// have made and that has no record yet is taken. A replace is one PUT of status on the version that was read.
//
// list() is what the informer shows, with what our own calls were answered since, and without secrets; get() and find() likewise, but with them. Who
// finds nothing asks the API server: that a server is not there is never said by an old copy (R11). Nor is anything removed by one: remove() reads
// the object itself, and a replace() of something old is a conflict, after which the copy is new.
// Names and uids are unique because the API server makes them so. Ports are compared with the servers that are known; two replicas that create at the
// same moment are told apart by the Services that hold the ports (PortMap). Slots mean nothing here.
class KubernetesServerStore final : public ServerStore {
public:
    // `space`: only worlds of this namespace; empty: of all.
    KubernetesServerStore(boost::asio::any_io_executor loop, Client client, Random& random, std::string space = {});

    // Keeps the copy right until it is cancelled. Nothing is answered but `unavailable` before synced() has returned once.
    Task<void> run() { return informer_.run(); }
    Task<void> synced() { return informer_.synced(); }
    // What others have written until now is known then.
    Task<void> catch_up() { return informer_.catch_up(); }
    const ServerIndex& index() const { return index_; }
    ServerSecrets& secrets() { return secrets_; }
    // Called with the name of a GameServer after any change of the object, by whomever.
    std::shared_ptr<void> watch_objects(std::function<void(ObjectKey)> changed) { return object_watchers_.add(std::move(changed)); }
    // Called after each create and replace by this process, with the object before and after it: for EventTeller.
    using Written = std::function<void(const Value& before, ObjectPtr after)>;
    void on_written(Written written) { written_ = std::move(written); }

    Task<Result<server::Version, StoreError>> create(server::Record record) override;
    Task<Result<server::Version, StoreError>> replace(server::Record record) override;
    Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) override;
    Task<Result<server::Record, StoreError>> get(ServerUid uid) override;
    Task<Result<server::Record, StoreError>> find(std::string space, std::string id) override;
    Task<Result<std::vector<server::Record>, StoreError>> list() override;
    std::shared_ptr<void> watch(Changed changed) override { return watchers_.add(std::move(changed)); }

    // For Declarations, which write the rest of the same objects.
    template <class T>
    using Answer = Task<Result<T, StoreError>>;
    // As the API server has it now.
    Answer<ObjectPtr> read(ObjectKey key);
    // On top of the version in the object; what it is answered becomes known here.
    Answer<ObjectPtr> write(Value object, std::string subresource);
    // Takes our finalizer from the object with this uid (of the cluster): nothing holds its end any more.
    Answer<Success> let_go(ObjectKey key, std::string object_uid);

private:
    void saw(const ServerIndex::Change& change);
    Result<Success, StoreError> check_synced() const;
    Result<Success, StoreError> check_ports(const server::Record& record) const;
    Result<Success, StoreError> check_new(const server::Record& record) const;
    Task<void> look_at_holder(const server::Record& record);
    // The object that is to hold a record; `is_new` when we have just made it for that.
    struct Place {
        ObjectPtr object;
        bool is_new = false;
    };
    Answer<Place> place_for(const server::Record& record);
    Answer<ObjectPtr> take(ObjectPtr object, const server::Record& record);
    Answer<server::Version> store_first(Place place, server::Record record);
    Answer<ObjectPtr> base_for(const server::Record& record);
    Answer<Success> store_secrets(ObjectPtr object, server::Record record);
    Answer<ObjectPtr> object_of(ServerUid uid);
    Answer<server::Record> with_secrets(server::Record record);
    Answer<server::Record> with_named_secrets(server::Record record);

    Client client_;
    std::string space_;
    ServerIndex index_;
    ServerSecrets secrets_;
    Informer informer_;
    async::Watchers<ServerUid> watchers_;
    async::Watchers<ObjectKey> object_watchers_;
    Written written_ = [](const Value&, const ObjectPtr&) {};
};

}  // namespace gk::kubernetes
