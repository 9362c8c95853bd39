/// Every protected route of `envoy/routes.yaml`, grouped by service.
pub const PROTECTED: [&str; 6] = [
    "/api/tasks",
    "/api/me",
    "/api/tasks/1",
    "/notification/notify",
    "/notification/notifications",
    "/auditing/audit",
];
