use dev_service::on_both;
use futures::future::join_all;

use super::{append, application, assert_intact, list, report, resources, start};

on_both! {
    async fn writers_of_several_replicas_do_not_fork_a_chain(backend) {
        let audit = start(backend).await;
        let replicas = join_all((0..4).map(|_| audit.replica())).await;
        let writes = (0..80).map(|number: usize| {
            let replica = &replicas[number % 4];
            let tenant = if number % 8 < 6 { "t1" } else { "t2" };
            async move { append(replica, &application(tenant), &number.to_string()).await }
        });
        join_all(writes).await;
        assert_intact(&replicas[0], "t1", 60).await;
        assert_intact(&replicas[0], "t2", 20).await;
    }

    async fn concurrent_requests_with_one_key_are_written_once(backend) {
        let audit = start(backend).await;
        let caller = application("t1");
        let key = [("idempotency-key", "k")];
        let answers = audit
            .send_at_once(&caller, "POST /audit", &key, &report("7"))
            .await;
        for answer in &answers {
            assert_eq!(answer.body["status"], "logged", "{answers:?}");
            assert_eq!(answer.body, answers[0].body, "{answers:?}");
        }
        assert_eq!(resources(&list(&audit, &caller, "").await), ["7"]);
    }
}
