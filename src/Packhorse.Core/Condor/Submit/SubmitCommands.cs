using System.Collections.Frozen;

namespace Packhorse.Condor.Submit;

/// <summary>
/// The commands that condor_submit takes, as HTCondor 23.9 and 25.14 were found to: of every other line they say that it was unused.
/// </summary>
internal static class SubmitCommands
{
    private const string Text = """
        accounting_group accounting_group_user allow_arguments_v1 allow_environment_v1 allowed_execute_duration allowed_job_duration
        append_files arc_application arc_resources arc_rte arguments arguments2 aws_access_key_id_file aws_region aws_secret_access_key_file
        azure_admin_key azure_admin_username azure_auth_file azure_image azure_location azure_size batch_extra_submit_args batch_id
        batch_name batch_project batch_queue batch_runtime buffer_block_size buffer_files buffer_size checkpoint_destination
        checkpoint_exit_code compress_files concurrency_limits concurrency_limits_expr container_image container_is_common
        container_service_names container_target_dir copy_to_spool core_size cron_day_of_month cron_day_of_week cron_hour
        cron_minute cron_month cron_prep_time cron_window cuda_version dag_node_name dagman_job_id dagman_log deferral_prep_time
        deferral_time deferral_window delegate_job_gsi_credentials_lifetime description disk_usage docker_image docker_network_type
        docker_override_entrypoint docker_pull_policy docker_send_credentials dont_encrypt_input_files dont_encrypt_output_files
        ec2_access_key_id ec2_ami_id ec2_availability_zone ec2_block_device_mapping ec2_ebs_volumes ec2_elastic_ip ec2_iam_profile_arn
        ec2_iam_profile_name ec2_instance_type ec2_keypair ec2_keypair_file ec2_parameter_names ec2_secret_access_key ec2_security_groups
        ec2_security_ids ec2_spot_price ec2_tag_names ec2_user_data ec2_user_data_file ec2_vpc_ip ec2_vpc_subnet email_attributes
        encrypt_execute_directory encrypt_input_files encrypt_output_files environment environment2 erase_output_and_error_on_restart error
        executable fetch_files file_remaps gce_account gce_auth_file gce_image gce_json_file gce_machine_type gce_metadata gce_metadata_file
        gce_preemptible getenv gpus_maximum_capability gpus_minimum_capability gpus_minimum_memory gpus_minimum_runtime grid_resource
        gs_access_key_id_file gs_secret_access_key_file hold hold_kill_sig image_size initialdir input interactive_args
        interactive_executable jar_files java_vm_args java_vm_arguments java_vm_arguments2 job_ad_information_attrs job_lease_duration
        job_machine_attrs job_machine_attrs_history_length job_max_vacate_time jobset keep_claim_idle kill_sig kill_sig_timeout
        leave_in_queue load_profile local_files log log_xml machine_count manifest manifest_dir match_list_length max_idle
        max_job_retirement_time max_materialize max_retries max_transfer_input_mb max_transfer_output_mb mount_under_scratch
        next_job_start_delay nice_user noop_job noop_job_exit_code noop_job_exit_signal notification notify_user on_evict_checks
        on_exit_hold on_exit_hold_reason on_exit_hold_subcode on_exit_remove output output_destination output_directory 
        parallel_script_shadow parallel_script_starter periodic_hold periodic_hold_reason periodic_hold_subcode periodic_release
        periodic_remove periodic_vacate preserve_relative_paths primary_unix_group priority project_name public_input_files rank
        remote_initialdir remove_kill_sig rendezvousdir request_cpus request_disk request_gpu_memory request_gpus request_gpus_memory
        request_memory require_gpus requirements retry_request_disk retry_request_memory retry_request_memory_increase
        retry_request_memory_max retry_until run_as_owner s3_access_key_id_file s3_secret_access_key_file scitokens_file shell
        should_transfer_files skip_filechecks skip_if_dataflow stack_size starter_debug starter_log stream_error stream_input stream_output
        submit_event_notes submit_event_notes_attrs submit_event_user_notes submitfailemptymatches submitwarnduplicatematches
        submitwarnemptymatches success_exit_code suspend_job_at_exec tool_daemon_args tool_daemon_arguments tool_daemon_cmd
        tool_daemon_error tool_daemon_input tool_daemon_output transfer_checkpoint_files transfer_common_input transfer_container
        transfer_error transfer_executable transfer_input transfer_input_files transfer_output transfer_output_files transfer_output_remaps
        transfer_plugins ulog_execute_attrs universe use_oauth_services use_scitokens use_x509userproxy vm_checkpoint vm_disk vm_macaddr
        vm_memory vm_networking vm_networking_type vm_no_output_vm vm_type vm_vcpus vm_vnc want_graceful_removal want_io_proxy
        want_job_networking wantparallelscheduling when_to_transfer_output x509userproxy
        """;

    // Of which the attribute of the job is taken, too: the same without underscores.
    private const string NamedAsAttributes = """
        accounting_group allowed_execute_duration allowed_job_duration append_files arc_application arc_resources arc_rte aws_region
        azure_admin_key azure_admin_username azure_auth_file azure_image azure_location azure_size batch_extra_submit_args batch_project
        batch_queue batch_runtime buffer_block_size buffer_files buffer_size checkpoint_destination compress_files concurrency_limits
        container_image container_is_common container_service_names container_target_dir core_size cron_day_of_month cron_day_of_week
        cron_hour cron_minute cron_month cron_prep_time cron_window cuda_version dag_node_name dagman_job_id deferral_prep_time
        deferral_time deferral_window delegate_job_gsi_credentials_lifetime disk_usage docker_image docker_network_type
        docker_override_entrypoint docker_pull_policy docker_send_credentials dont_encrypt_input_files dont_encrypt_output_files
        ec2_access_key_id ec2_ami_id ec2_availability_zone ec2_block_device_mapping ec2_elastic_ip ec2_iam_profile_arn ec2_iam_profile_name
        ec2_instance_type ec2_keypair ec2_keypair_file ec2_secret_access_key ec2_security_groups ec2_security_ids ec2_spot_price
        ec2_tag_names ec2_user_data ec2_user_data_file ec2_vpc_ip ec2_vpc_subnet email_attributes encrypt_execute_directory
        encrypt_input_files encrypt_output_files erase_output_and_error_on_restart fetch_files file_remaps gce_account gce_auth_file
        gce_image gce_json_file gce_machine_type gce_metadata gce_metadata_file gce_preemptible getenv grid_resource hold_kill_sig
        image_size jar_files java_vm_args job_ad_information_attrs job_lease_duration job_machine_attrs job_machine_attrs_history_length
        job_max_vacate_time keep_claim_idle kill_sig kill_sig_timeout load_profile local_files machine_count manifest_dir
        max_job_retirement_time max_transfer_input_mb max_transfer_output_mb mount_under_scratch next_job_start_delay nice_user
        noop_job_exit_code noop_job_exit_signal notify_user on_exit_hold on_exit_hold_reason on_exit_hold_subcode on_exit_remove
        output_destination output_directory parallel_script_shadow parallel_script_starter periodic_hold periodic_hold_reason
        periodic_hold_subcode periodic_release periodic_remove periodic_vacate preserve_relative_paths primary_unix_group project_name
        public_input_files remove_kill_sig request_cpus request_disk request_gpus request_memory require_gpus run_as_owner scitokens_file
        should_transfer_files skip_if_dataflow stack_size submit_event_notes submit_event_notes_attrs submit_event_user_notes
        suspend_job_at_exec tool_daemon_args tool_daemon_cmd tool_daemon_error tool_daemon_input tool_daemon_output transfer_container
        transfer_executable transfer_input_files transfer_output_files transfer_output_remaps transfer_plugins use_oauth_services
        want_graceful_removal want_io_proxy want_job_networking when_to_transfer_output
        """;

    private const string OtherNames = """
        acctgroupuser=accounting_group_user args=arguments cmd=executable commoninputfiles=transfer_common_input dagmannodeslog=dagman_log
        env=environment get_env=getenv initial_dir=initialdir isnoopjob=noop_job iwd=initialdir
        job_iwd=initialdir jobbatchid=batch_id jobbatchname=batch_name jobdescription=description jobmaterializelimit=max_materialize
        jobmaterializemaxidle=max_idle jobmaxretries=max_retries jobnotification=notification jobprio=priority jobsetname=jobset
        jobstarterdebug=starter_debug jobstarterlog=starter_log jobsuccessexitcode=success_exit_code jobuniverse=universe
        lastmatchlistlength=match_list_length leavejobinqueue=leave_in_queue manifestdesired=manifest materialize_max_idle=max_idle
        preferences=rank prio=priority remoteiwd=remote_initialdir stderr=error stdin=input stdout=output streamerr=stream_error
        streamin=stream_input streamout=stream_output successcheckpointexitcode=checkpoint_exit_code
        transfercheckpoint=transfer_checkpoint_files transfererr=transfer_error transferin=transfer_input transferout=transfer_output
        transformonevict=on_evict_checks use_scitoken=use_scitokens userlog=log userlogexecuteeventattrs=ulog_execute_attrs
        userlogusexml=log_xml
        """;

    public static FrozenSet<string> All { get; } = Words(Text).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static FrozenDictionary<string, string> Alternates { get; } =
        Words(NamedAsAttributes)
            .Select(command => (Name: command.Replace("_", "", StringComparison.Ordinal), Command: command))
            .Concat(Words(OtherNames).Select(pair => pair.Split('=')).Select(pair => (Name: pair[0], Command: pair[1])))
            .ToFrozenDictionary(pair => pair.Name, pair => pair.Command, StringComparer.OrdinalIgnoreCase);

    // Custom resources (request_NAME), OAuth services (NAME_oauth_permissions), ports of containers, EC2 tags and the like have names of the user's.
    private static readonly string[] OpenPrefixes =
    [
        "request_",
        "require_",
        "ec2_tag_",
        "ec2_parameter_",
        "vm_",
        "retry_request_",
    ];

    // Custom by their form, and by condor_submit taken for what they are.
    private static readonly string[] Mistakes = ["request_cpu", "request_gpu", "require_gpu", "require_memory"];

    /// <summary>What the manual calls the command of this name, in small letters; other names as they are.</summary>
    public static string Canonical(string name) => Alternates.GetValueOrDefault(name, name).ToLowerInvariant();

    /// <summary>A name that counts only where the command itself is not given, wherever that stands.</summary>
    public static bool IsAlternate(string name) => Alternates.ContainsKey(name);

    public static bool IsKnown(string name) =>
        All.Contains(name)
        || Alternates.ContainsKey(name)
        || name.Contains("_oauth_", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("_container_port", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("remote_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("dag_", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".dagman", StringComparison.OrdinalIgnoreCase);

    /// <summary>Names of which every end may be a user's; a spelling mistake in one cannot be told for sure.</summary>
    public static bool MayBeCustom(string name) =>
        !Mistakes.Contains(name, StringComparer.OrdinalIgnoreCase)
        && OpenPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The command that is spelt most alike, at most two letters away, or null.</summary>
    public static string? Nearest(string name)
    {
        (string Command, int Distance) nearest = All.Select(command =>
                (command, Distance(name.ToLowerInvariant(), command))
            )
            .OrderBy(pair => pair.Item2)
            .ThenBy(pair => pair.command, StringComparer.Ordinal)
            .First();
        return nearest.Distance <= Math.Min(2, name.Length / 4) ? nearest.Command : null;
    }

    private static string[] Words(string text) =>
        text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2)
        {
            return int.MaxValue;
        }
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 0; i < a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i + 1;
            for (int j = 0; j < b.Length; j++)
            {
                int change = previous[j] + (a[i] == b[j] ? 0 : 1);
                row[j + 1] = Math.Min(change, Math.Min(previous[j + 1], row[j]) + 1);
            }
            previous = row;
        }
        return previous[^1];
    }
}
