use super::finding::Place;
use super::gateway::Gateway;
use super::node::Node;
use super::route_table::RouteTable;

/// An HttpConnectionManager of a listener.
#[derive(Clone, Debug)]
pub(super) struct Manager<'a> {
    pub(super) place: Place,
    pub(super) node: Node<'a>,
    /// Index among the managers of the gateway.
    pub(super) index: usize,
}

impl<'a> Manager<'a> {
    /// The route tables inside the manager's configuration.
    pub(super) fn inline_tables(&self) -> impl Iterator<Item = RouteTable<'a>> {
        let scoped = self.scopes().map(|scope| scope.get("route_configuration"));
        let tables = [self.node.get("route_config")]
            .into_iter()
            .chain(scoped)
            .filter(|table| table.is_present());
        tables.map(|table| RouteTable::new(&self.place.file, table, Some(self.index)))
    }

    /// Whether `table` routes the manager's requests.
    pub(super) fn uses(&self, table: &RouteTable<'a>) -> bool {
        let is_named = || {
            table
                .node
                .get("name")
                .text()
                .is_some_and(|name| self.names().contains(&name))
        };
        table
            .inline_in
            .map_or_else(is_named, |index| index == self.index)
    }

    /// The names of route tables that no file has.
    pub(super) fn absent_tables(&self, gateway: &Gateway<'a>) -> Vec<&'a str> {
        let is_there = |name: &str| {
            let mut tables = gateway
                .tables
                .iter()
                .filter(|table| table.inline_in.is_none());
            tables.any(|table| table.node.get("name").text() == Some(name))
        };
        let mut absent = self.names();
        absent.retain(|name| !is_there(name));
        // `scoped_rds` fetches even the names of its tables.
        absent.extend(
            self.node
                .get("scoped_routes")
                .get("scoped_rds")
                .is_present()
                .then_some("scoped_rds"),
        );
        absent
    }

    /// The names of the route tables outside the manager's configuration.
    fn names(&self) -> Vec<&'a str> {
        let by_scope = self
            .scopes()
            .map(|scope| scope.get("route_configuration_name"));
        let by_name = [self.node.get("rds").get("route_config_name")];
        by_name
            .into_iter()
            .chain(by_scope)
            .filter_map(Node::text)
            .collect()
    }

    fn scopes(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let list = self
            .node
            .get("scoped_routes")
            .get("scoped_route_configurations_list");
        list.get("scoped_route_configurations").items()
    }
}
